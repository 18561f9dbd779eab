#include "harness/run/runner.h"

#include <algorithm>
#include <fmt/format.h>
#include <set>

#include "harness/results/manifest.h"
#include "harness/run/blocks.h"
#include "harness/run/narrowing.h"
#include "harness/run/section_check.h"
#include "harness/run/sharpening.h"
#include "harness/run/stopping.h"

namespace crossover::harness {
namespace {

/// However the measuring of a problem ends, what was measured counts.
class Closing {
 public:
  explicit Closing(Evidence& evidence) : evidence_(evidence) {}
  ~Closing() { evidence_.close(); }
  Closing(const Closing&) = delete;
  Closing& operator=(const Closing&) = delete;

 private:
  Evidence& evidence_;
};

}  // namespace

Runner::Runner(Plan& plan, RunnerWorld world)
    : plan_(plan),
      world_(std::move(world)),
      launches_(plan.sections.size(), 0),
      started_(plan.sections.size(), 0),
      spent_(plan.sections.size(), 0) {
  for (const SectionPlan& section : plan.sections) evidence_.emplace_back(pairs_of(section));
}

void Runner::resume(std::vector<Evidence> evidence, std::vector<double> elapsed_seconds) {
  evidence_ = std::move(evidence);
  spent_ = std::move(elapsed_seconds);
  resumed_ = true;
}

void Runner::check(std::size_t section) {
  const SectionPlan& plan = plan_.sections[section];
  started_[section] = world_.now();
  SectionCheck(plan, {world_.host, family(plan.family), world_.now, world_.memory_bytes,
                      [&](const std::string& what) {
                        world_.observer.on_progress(section, what, std::nullopt);
                      },
                      [&](std::size_t arm, std::size_t problem, const CellFacts& facts) {
                        set_facts(section, arm, problem, facts);
                      },
                      [&](std::size_t arm, std::size_t problem) {
                        return evidence_[section].facts(arm, problem);
                      }})
      .run();
  if (plan.question == Question::crossover && plan.protocol.predicted_grid) narrow_grid(section);
  world_.observer.on_flush();
}

/// Leaves out the sizes that no pair needs. A pair without a prediction needs all of them.
void Runner::narrow_grid(std::size_t section) {
  const SectionPlan& plan = plan_.sections[section];
  std::size_t ceilings = 0;
  while (ceilings < plan_.sections.size() && plan_.sections[ceilings].name != ceilings_section) {
    ++ceilings;
  }
  if (ceilings == plan_.sections.size()) return;
  std::set<std::size_t> needed;
  for (const Pair& pair : plan.comparisons) {
    for (const Curve& curve : plan.curves) {
      const CrossoverPrediction prediction =
          predict(plan_.sections[ceilings], evidence_[ceilings], plan, evidence_[section], pair,
                  curve, world_.machine);
      for (const std::size_t i : needed_sizes(curve.axis_values, prediction)) {
        needed.insert(curve.problems[i]);
      }
    }
  }
  for (std::size_t problem = 0; problem < plan.problems.size(); ++problem) {
    if (needed.contains(problem) || is_sharpening(plan, problem)) continue;
    for (const std::size_t arm : arms_to_measure(section, problem)) {
      CellFacts facts = *evidence_[section].facts(arm, problem);
      facts.status = Status::skipped;
      facts.reason = "far from the predicted crossover (grid = predicted)";
      set_facts(section, arm, problem, facts);
    }
  }
}

const FamilyInfo& Runner::family(const std::string& name) const {
  return family_called(world_.families, name);
}

void Runner::measure(std::size_t section) {
  measure_curves(section);
  const SectionPlan& plan = plan_.sections[section];
  if (plan.question == Question::crossover && plan.protocol.sharp_launches > 0) sharpen(section);
}

void Runner::measure_curves(std::size_t section) {
  const SectionPlan& plan = plan_.sections[section];
  std::vector<bool> wanted = planned_problems(section);
  for (const int look : plan.protocol.looks) {
    while (launches_[section] < look) {
      // The first look is always reached: below it there would be no interval to report.
      const int certain = plan.protocol.looks.front();
      if (launches_[section] >= certain && !budget_left(section)) return;
      const int number = launches_[section]++;
      run_launch({section, number, number < certain ? certain : number + 1, wanted});
    }
    // A resumed run decides as it would have decided then; any other one holds no later launches.
    wanted = resumed_ ? world_.wanted(plan, evidence_[section].until(look))
                      : world_.wanted(plan, evidence_[section]);
    if (std::none_of(wanted.begin(), wanted.end(), [](bool want) { return want; })) return;
  }
}

void Runner::sharpen(std::size_t section) {
  SectionPlan& plan = plan_.sections[section];
  if (plan.sharpenings.empty()) {
    plan_sharpenings(plan, evidence_[section], family(plan.family));
    if (plan.sharpenings.empty()) return;
    world_.observer.on_plan_changed();
  }
  check_sharpenings(section);
  std::vector<bool> wanted(plan.problems.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) wanted[i] = is_sharpening(plan, i);
  for (int number = 0; number < plan.protocol.sharp_launches; ++number) {
    if (!budget_left(section)) return;
    run_launch({section, number, plan.protocol.sharp_launches, wanted, true});
  }
}

/// The untimed pass over the added problems alone: as a section of their own, within what is left
/// of the budget.
void Runner::check_sharpenings(std::size_t section) {
  SectionPlan added = plan_.sections[section];
  std::vector<std::size_t> place;  // in the section, of each added problem
  std::vector<Problem> problems;
  for (std::size_t i = 0; i < added.problems.size(); ++i) {
    if (!is_sharpening(added, i)) continue;
    for (Sharpening& sharpening : added.sharpenings) {
      std::replace(sharpening.problems.begin(), sharpening.problems.end(), i, place.size());
    }
    place.push_back(i);
    problems.push_back(added.problems[i]);
  }
  added.problems = problems;
  added.aa_problems.clear();
  added.protocol.looks = {added.protocol.sharp_launches};
  added.protocol.budget_seconds -= elapsed_seconds(section);
  SectionCheck(added, {world_.host, family(added.family), world_.now, world_.memory_bytes,
                       [&](const std::string& what) {
                         world_.observer.on_progress(section, what, std::nullopt);
                       },
                       [&](std::size_t arm, std::size_t problem, const CellFacts& facts) {
                         set_facts(section, arm, place[problem], facts);
                       },
                       [&](std::size_t arm, std::size_t problem) {
                         return evidence_[section].facts(arm, place[problem]);
                       }})
      .run();
  world_.observer.on_flush();
}

double Runner::elapsed_seconds(std::size_t section) const {
  return spent_[section] + world_.now() - started_[section];
}

bool Runner::budget_left(std::size_t section) const {
  return elapsed_seconds(section) < plan_.sections[section].protocol.budget_seconds;
}

std::vector<bool> Runner::planned_problems(std::size_t section) const {
  const SectionPlan& plan = plan_.sections[section];
  std::vector<bool> planned(plan.problems.size(), true);
  for (const Sharpening& sharpening : plan.sharpenings) {
    for (const std::size_t problem : sharpening.problems) planned[problem] = false;
  }
  return planned;
}

void Runner::launch(std::size_t section, int count) {
  for (int i = 0; i < count; ++i) {
    const int number = launches_[section]++;
    run_launch({section, number, number + count - i, planned_problems(section)});
  }
}

void Runner::run_launch(const Launch& launch) {
  std::vector<std::size_t> order;
  for (std::size_t problem = 0; problem < launch.wanted.size(); ++problem) {
    if (launch.wanted[problem]) order.push_back(problem);
  }
  // seed_seq keeps 32 bits of each of its values.
  std::seed_seq seed{
      plan_.seed >> 32, plan_.seed & 0xffffffff, static_cast<std::uint64_t>(launch.section),
      static_cast<std::uint64_t>(launch.number), static_cast<std::uint64_t>(launch.sharpening)};
  std::mt19937_64 random(seed);
  std::shuffle(order.begin(), order.end(), random);

  double whole = 0;
  for (const std::size_t problem : order) whole += problem_seconds(launch.section, problem);
  double left = whole * (launch.of - launch.number);
  Workers workers;
  for (const std::size_t problem : order) {
    left -= problem_seconds(launch.section, problem);
    if (evidence_[launch.section].has_launch(problem, launch.number)) continue;
    if (arms_to_measure(launch.section, problem).empty()) continue;
    world_.observer.on_progress(launch.section, launch_text(launch, problem), left);
    measure_problem(launch, problem, workers, random);
    world_.observer.on_closed(launch.section, problem, launch.number,
                              elapsed_seconds(launch.section));
  }
}

void Runner::measure_problem(const Launch& launch, std::size_t problem, Workers& workers,
                             std::mt19937_64& random) {
  const std::size_t section = launch.section;
  const SectionPlan& plan = plan_.sections[section];
  const Closing closing(evidence_[section]);
  std::vector<std::size_t> arms;
  double slowest = 0;
  // In random order: what is prepared first may get other memory than what comes after it.
  std::vector<std::size_t> candidates = arms_to_measure(section, problem);
  std::shuffle(candidates.begin(), candidates.end(), random);
  for (const std::size_t arm : candidates) {
    if (!prepare(section, arm, problem, workers)) continue;
    arms.push_back(arm);
    slowest = std::max(slowest, *evidence_[section].facts(arm, problem)->call_seconds);
  }
  std::sort(arms.begin(), arms.end());
  const int count = blocks_per_launch(plan.protocol, slowest);
  const auto blocks = balanced_blocks(arms, count, random);
  for (std::size_t block = 0; block < blocks.size(); ++block) {
    for (std::size_t place = 0; place < blocks[block].size(); ++place) {
      const std::size_t arm = blocks[block][place];
      if (!workers.contains(arm)) continue;  // failed earlier in this launch
      Sample position;
      position.launch = launch.number;
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

std::string Runner::launch_text(const Launch& launch, std::size_t problem) const {
  const SectionPlan& plan = plan_.sections[launch.section];
  const std::string where = label(plan.problems[problem]);
  if (launch.sharpening) {
    return fmt::format("sharpening, launch {} of {}, {}", launch.number + 1, launch.of, where);
  }
  const bool certain = launch.number < plan.protocol.looks.front();
  return fmt::format("launch {} of {}{}, {}", launch.number + 1, certain ? "" : "at most ",
                     certain ? launch.of : plan.protocol.looks.back(), where);
}

}  // namespace crossover::harness
