#include "harness/runner.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "harness/blocks.h"
#include "harness/duration.h"
#include "harness/stopping.h"

namespace crossover::harness {
namespace {

constexpr double warm_up_seconds = 200e-6;
// One call this long warms itself up, and four quartets of it would only cost time.
constexpr double slow_call_seconds = 0.05;
// Continuing and stopping a worker, two messages, two readings of /proc/stat.
constexpr double turn_seconds = 300e-6;
// Samples may be slower than calibrated by a busy machine, but not by this much.
constexpr double timeout_factor = 20;
// Verifying, counting and calibrating call a cell about this often, the reference not included.
constexpr double check_calls = 5;

bool is_slow(double call_seconds) { return call_seconds > slow_call_seconds; }

int blocks_per_launch(const Protocol& protocol, double call_seconds) {
  return is_slow(call_seconds) ? 1 : protocol.quartets;
}

CellFacts refused(Status status, const std::string& reason) {
  CellFacts facts;
  facts.status = status;
  facts.reason = reason;
  return facts;
}

/// Everything that one cell takes until the first look, its check included.
double cell_seconds(const Protocol& protocol, double call_seconds) {
  return protocol.looks.front() * cell_seconds_per_launch(protocol, call_seconds) +
         check_calls * call_seconds;
}

CellFacts over_budget(const Protocol& protocol, double call_seconds, double share) {
  return refused(Status::skipped,
                 fmt::format("would take about {}; {} of the budget of {} are left for it",
                             duration_text(cell_seconds(protocol, call_seconds)),
                             duration_text(share), duration_text(protocol.budget_seconds)));
}

/// The arm of replica 0 that this replica repeats.
std::size_t original_of(const SectionPlan& plan, std::size_t replica) {
  Arm original = plan.arms[replica];
  original.replica = 0;
  return static_cast<std::size_t>(std::find(plan.arms.begin(), plan.arms.end(), original) -
                                  plan.arms.begin());
}

/// The number of cells that one check stands for: the arm's own and its replicas'.
double arms_with(const SectionPlan& plan, std::size_t arm, std::size_t problem) {
  double count = 0;
  for (std::size_t other = 0; other < plan.arms.size(); ++other) {
    if (runs(plan, other, problem) && original_of(plan, other) == arm) ++count;
  }
  return count;
}

}  // namespace

double cell_seconds_per_launch(const Protocol& protocol, double call_seconds) {
  const double sample = std::max(protocol.min_sample_seconds, call_seconds);
  const double warm = is_slow(call_seconds) ? 0 : std::max(warm_up_seconds, call_seconds);
  return 2 * blocks_per_launch(protocol, call_seconds) * (sample + warm + turn_seconds) +
         (is_slow(call_seconds) ? call_seconds : 0);
}

Runner::Runner(const Plan& plan, RunnerWorld world)
    : plan_(plan),
      world_(std::move(world)),
      evidence_(plan.sections.size()),
      launches_(plan.sections.size(), 0),
      started_(plan.sections.size(), 0) {}

void Runner::check(std::size_t section) {
  const SectionPlan& plan = plan_.sections[section];
  started_[section] = world_.now();
  std::vector<ArmCheck> arms(plan.arms.size());
  std::size_t cells_left = 0;
  for (std::size_t arm = 0; arm < plan.arms.size(); ++arm) {
    for (std::size_t i = 0; i < plan.problems.size(); ++i) cells_left += runs(plan, arm, i);
  }
  // Problems ascend in work, so that what small ones do not use of their share goes to large ones.
  double budget_left = plan.protocol.budget_seconds;
  for (std::size_t problem = 0; problem < plan.problems.size(); ++problem) {
    for (std::size_t arm = 0; arm < plan.arms.size(); ++arm) {
      if (plan.arms[arm].replica != 0) continue;
      const double copies = arms_with(plan, arm, problem);
      const double share = budget_left * copies / static_cast<double>(cells_left);
      const CellFacts facts = check_cell(section, arm, problem, arms[arm], share / copies);
      if (facts.status == Status::measured) {
        budget_left -= copies * cell_seconds(plan.protocol, *facts.call_seconds);
      }
      cells_left -= static_cast<std::size_t>(copies);
      set_facts(section, arm, problem, facts);
    }
  }
  copy_facts_to_replicas(section);
  world_.observer.on_flush();
}

void Runner::copy_facts_to_replicas(std::size_t section) {
  // A replica is the same code with the same settings: verified once, measured as an arm of its
  // own.
  const SectionPlan& plan = plan_.sections[section];
  for (std::size_t arm = 0; arm < plan.arms.size(); ++arm) {
    if (plan.arms[arm].replica == 0) continue;
    const std::size_t original = original_of(plan, arm);
    for (std::size_t problem = 0; problem < plan.problems.size(); ++problem) {
      if (!runs(plan, arm, problem)) continue;
      set_facts(section, arm, problem, *evidence_[section].facts(original, problem));
    }
  }
}

CellFacts Runner::check_cell(std::size_t section, std::size_t arm, std::size_t problem,
                             ArmCheck& known, double budget_share) {
  const SectionPlan& plan = plan_.sections[section];
  const double flops = std::max(1.0, family(plan.family).flops(plan.problems[problem]));
  const double predicted = known.seconds_per_flop.value_or(0) * flops;
  if (const auto reason = why_too_large(plan, problem)) return refused(Status::skipped, *reason);
  if (cell_seconds(plan.protocol, predicted) > budget_share) {
    return over_budget(plan.protocol, predicted, budget_share);
  }
  const Cell cell{plan.name, plan.arms[arm], plan.problems[problem]};
  world_.observer.on_progress(
      section, fmt::format("checking {} at {}", label(cell.arm, plan.varying), label(cell.problem)),
      0);
  try {
    if (!known.worker) known.worker = world_.host.start(cell.arm);
    const double timeout = plan.protocol.timeout_seconds + timeout_factor * check_calls * predicted;
    CellFacts facts =
        known.worker->prepare(cell, {true, plan.protocol.min_sample_seconds}, timeout);
    known.worker->release(plan.protocol.timeout_seconds);
    if (facts.status != Status::measured) return facts;
    known.seconds_per_flop = *facts.call_seconds / flops;
    if (cell_seconds(plan.protocol, *facts.call_seconds) > budget_share) {
      return over_budget(plan.protocol, *facts.call_seconds, budget_share);
    }
    return facts;
  } catch (const WorkerFailure& failure) {
    known.worker.reset();
    return refused(Status::failed, failure.what());
  }
}

std::optional<std::string> Runner::why_too_large(const SectionPlan& plan,
                                                 std::size_t problem) const {
  const double per_arm = family(plan.family).memory_bytes(plan.problems[problem]);
  const double needed = per_arm * static_cast<double>(plan.arms.size());
  if (needed <= world_.memory_bytes) return std::nullopt;
  constexpr double gib = 1024.0 * 1024 * 1024;
  return fmt::format("does not fit memory: {} arms need {:.3g} GiB together, {:.3g} GiB are usable",
                     plan.arms.size(), needed / gib, world_.memory_bytes / gib);
}

const FamilyInfo& Runner::family(const std::string& name) const {
  return *std::find_if(world_.families.begin(), world_.families.end(),
                       [&](const FamilyInfo& info) { return info.name == name; });
}

void Runner::measure(std::size_t section) {
  const SectionPlan& plan = plan_.sections[section];
  std::vector<bool> wanted(plan.problems.size(), true);
  const auto budget_left = [&] {
    return world_.now() - started_[section] < plan.protocol.budget_seconds;
  };
  for (const int look : plan.protocol.looks) {
    while (launches_[section] < look) {
      // The first look is always reached: below it there would be no interval to report.
      if (launches_[section] >= plan.protocol.looks.front() && !budget_left()) return;
      run_launch(section, wanted);
    }
    wanted = wanted_problems(plan, evidence_[section]);
    if (std::none_of(wanted.begin(), wanted.end(), [](bool want) { return want; })) return;
  }
}

void Runner::launch(std::size_t section, int count) {
  const std::vector<bool> all(plan_.sections[section].problems.size(), true);
  for (int i = 0; i < count; ++i) run_launch(section, all);
}

void Runner::run_launch(std::size_t section, const std::vector<bool>& wanted) {
  const SectionPlan& plan = plan_.sections[section];
  std::vector<std::size_t> order;
  for (std::size_t problem = 0; problem < plan.problems.size(); ++problem) {
    if (wanted[problem]) order.push_back(problem);
  }
  std::seed_seq seed{plan_.seed, static_cast<std::uint64_t>(section),
                     static_cast<std::uint64_t>(launches_[section])};
  std::mt19937_64 random(seed);
  std::shuffle(order.begin(), order.end(), random);

  double whole = 0;
  for (const std::size_t problem : order) whole += problem_seconds(section, problem);
  double left = whole * std::max(1, plan.protocol.looks.front() - launches_[section]);
  Workers workers;
  for (const std::size_t problem : order) {
    world_.observer.on_progress(section, launch_text(section, problem), left);
    measure_problem(section, problem, workers, random);
    world_.observer.on_flush();
    left -= problem_seconds(section, problem);
  }
  ++launches_[section];
}

void Runner::measure_problem(std::size_t section, std::size_t problem, Workers& workers,
                             std::mt19937_64& random) {
  const SectionPlan& plan = plan_.sections[section];
  std::vector<std::size_t> arms;
  double slowest = 0;
  for (const std::size_t arm : arms_to_measure(section, problem)) {
    if (!prepare(section, arm, problem, workers)) continue;
    arms.push_back(arm);
    slowest = std::max(slowest, *evidence_[section].facts(arm, problem)->call_seconds);
  }
  const int count = blocks_per_launch(plan.protocol, slowest);
  const auto blocks = balanced_blocks(arms, count, random);
  for (std::size_t block = 0; block < blocks.size(); ++block) {
    for (std::size_t place = 0; place < blocks[block].size(); ++place) {
      const std::size_t arm = blocks[block][place];
      if (!workers.contains(arm)) continue;  // failed earlier in this launch
      Sample position;
      position.launch = launches_[section];
      position.block = static_cast<int>(block);
      position.place = static_cast<int>(place);
      take_turn(section, arm, problem, workers, position, place < arms.size());
    }
  }
  for (const std::size_t arm : arms) {
    if (!workers.contains(arm)) continue;
    try {
      workers[arm]->release(plan.protocol.timeout_seconds);
    } catch (const WorkerFailure& failure) {
      fail(section, arm, problem, workers, failure.what());
    }
  }
}

bool Runner::prepare(std::size_t section, std::size_t arm, std::size_t problem, Workers& workers) {
  const SectionPlan& plan = plan_.sections[section];
  try {
    if (!workers.contains(arm)) workers[arm] = world_.host.start(plan.arms[arm]);
    const Cell cell{plan.name, plan.arms[arm], plan.problems[problem]};
    const CellFacts facts = workers[arm]->prepare(cell, {}, plan.protocol.timeout_seconds);
    if (facts.status == Status::measured) return true;
    fail(section, arm, problem, workers, facts.reason.value_or("could not be prepared again"));
  } catch (const WorkerFailure& failure) {
    fail(section, arm, problem, workers, failure.what());
  }
  return false;
}

void Runner::take_turn(std::size_t section, std::size_t arm, std::size_t problem, Workers& workers,
                       const Sample& position, bool first_in_block) {
  const SectionPlan& plan = plan_.sections[section];
  const CellFacts& facts = *evidence_[section].facts(arm, problem);
  const double call = *facts.call_seconds;
  // A slow call is warmed up once per launch: before its first sample.
  const bool warm = !is_slow(call) || (position.block == 0 && first_in_block);
  const double expected = call * (static_cast<double>(facts.iterations) + 1);
  try {
    Sample sample = workers[arm]->sample(facts.iterations, warm ? warm_up_seconds : 0,
                                         plan.protocol.timeout_seconds + timeout_factor * expected);
    sample.launch = position.launch;
    sample.block = position.block;
    sample.place = position.place;
    evidence_[section].add(arm, problem, sample);
    world_.observer.on_sample(section, arm, problem, sample);
  } catch (const WorkerFailure& failure) {
    fail(section, arm, problem, workers, failure.what());
  }
}

void Runner::fail(std::size_t section, std::size_t arm, std::size_t problem, Workers& workers,
                  const std::string& reason) {
  workers.erase(arm);
  CellFacts facts = *evidence_[section].facts(arm, problem);
  facts.status = Status::failed;
  facts.reason = reason;
  set_facts(section, arm, problem, facts);
}

std::vector<std::size_t> Runner::arms_to_measure(std::size_t section, std::size_t problem) const {
  const SectionPlan& plan = plan_.sections[section];
  std::vector<std::size_t> arms;
  for (std::size_t arm = 0; arm < plan.arms.size(); ++arm) {
    const CellFacts* facts = evidence_[section].facts(arm, problem);
    if (facts != nullptr && facts->status == Status::measured) arms.push_back(arm);
  }
  return arms;
}

void Runner::set_facts(std::size_t section, std::size_t arm, std::size_t problem,
                       const CellFacts& facts) {
  evidence_[section].set_facts(arm, problem, facts);
  world_.observer.on_cell(section, arm, problem, facts);
}

double Runner::problem_seconds(std::size_t section, std::size_t problem) const {
  double seconds = 0;
  for (const std::size_t arm : arms_to_measure(section, problem)) {
    const double call = *evidence_[section].facts(arm, problem)->call_seconds;
    seconds += cell_seconds_per_launch(plan_.sections[section].protocol, call);
  }
  return seconds;
}

std::string Runner::launch_text(std::size_t section, std::size_t problem) const {
  const SectionPlan& plan = plan_.sections[section];
  const int first_look = plan.protocol.looks.front();
  const bool certain = launches_[section] < first_look;
  return fmt::format("launch {} of {}{}, {}", launches_[section] + 1, certain ? "" : "at most ",
                     certain ? first_look : plan.protocol.looks.back(),
                     label(plan.problems[problem]));
}

}  // namespace crossover::harness
