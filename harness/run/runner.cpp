#include "harness/run/runner.h"

#include <algorithm>
#include <fmt/format.h>

#include "harness/run/blocks.h"
#include "harness/run/section_check.h"
#include "harness/run/stopping.h"

namespace crossover::harness {
Runner::Runner(const Plan& plan, RunnerWorld world)
    : plan_(plan),
      world_(std::move(world)),
      evidence_(plan.sections.size()),
      launches_(plan.sections.size(), 0),
      started_(plan.sections.size(), 0) {}

void Runner::check(std::size_t section) {
  const SectionPlan& plan = plan_.sections[section];
  started_[section] = world_.now();
  SectionCheck(plan, {world_.host, family(plan.family), world_.now, world_.memory_bytes,
                      [&](const std::string& what) {
                        world_.observer.on_progress(section, what, std::nullopt);
                      },
                      [&](std::size_t arm, std::size_t problem, const CellFacts& facts) {
                        set_facts(section, arm, problem, facts);
                      }})
      .run();
  world_.observer.on_flush();
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
  // seed_seq keeps 32 bits of each of its values.
  std::seed_seq seed{plan_.seed >> 32, plan_.seed & 0xffffffff, static_cast<std::uint64_t>(section),
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
      take_turn(section, arm, problem, workers, position);
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
    const double call = *evidence_[section].facts(arm, problem)->call_seconds;
    const double timeout = plan.protocol.timeout_seconds + timeout_factor * call;
    const CellFacts facts = workers[arm]->prepare(cell, {}, timeout);
    if (facts.status == Status::measured) return true;
    fail(section, arm, problem, workers, facts.reason.value_or("could not be prepared again"));
  } catch (const WorkerFailure& failure) {
    fail(section, arm, problem, workers, failure.what());
  }
  return false;
}

void Runner::take_turn(std::size_t section, std::size_t arm, std::size_t problem, Workers& workers,
                       const Sample& position) {
  const SectionPlan& plan = plan_.sections[section];
  const CellFacts& facts = *evidence_[section].facts(arm, problem);
  const double call = *facts.call_seconds;
  // A slow call was warmed up by the one call of its preparation.
  const double warm_up = is_slow(call) ? 0 : warm_up_seconds;
  const double expected = call * (static_cast<double>(facts.iterations) + 1);
  try {
    Sample sample = workers[arm]->sample(facts.iterations, warm_up,
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
    const CellFacts& facts = *evidence_[section].facts(arm, problem);
    seconds += cell_seconds_per_launch(plan_.sections[section].protocol, *facts.call_seconds,
                                       facts.setup_seconds.value_or(0));
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
