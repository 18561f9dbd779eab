#include "harness/run/section_check.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <numeric>

#include "harness/duration.h"

namespace crossover::harness {
namespace {

constexpr double slow_call_seconds = 0.05;
// Continuing and stopping a worker, two messages, two readings of what the system counts.
constexpr double turn_seconds = 300e-6;
// Verifying, counting and calibrating call a cell about this often, the reference not included.
constexpr double check_calls = 5;
// Estimates without a measurement (FamilyInfo::rough_seconds) are right to within this factor.
constexpr double rough_factor = 10;

/// Everything that one cell takes until the first look, its check included.
double cell_seconds(const Protocol& protocol, double call_seconds, double setup_seconds) {
  return protocol.looks.front() * cell_seconds_per_launch(protocol, call_seconds, setup_seconds) +
         check_calls * call_seconds + setup_seconds;
}

CellFacts over_budget(const Protocol& protocol, double seconds, double share) {
  return refused(Status::skipped,
                 fmt::format("would take about {}; {} of the budget of {} are left for it",
                             duration_text(seconds), duration_text(std::max(share, 0.0)),
                             duration_text(protocol.budget_seconds)));
}

/// The share of what is left of the budget that one cell may take: an equal one, or as much as lets
/// its problem take half of what is left, since the large problems to come may not fit anyway.
double share_of_cell(std::size_t cells_left, std::size_t cells_of_problem) {
  return std::max(1.0 / static_cast<double>(cells_left),
                  0.5 / static_cast<double>(cells_of_problem));
}

}  // namespace

bool is_slow(double call_seconds) { return call_seconds > slow_call_seconds; }

int blocks_per_launch(const Protocol& protocol, double call_seconds) {
  return is_slow(call_seconds) ? 1 : protocol.quartets;
}

double cell_seconds_per_launch(const Protocol& protocol, double call_seconds,
                               double setup_seconds) {
  const double sample = std::max(protocol.min_sample_seconds, call_seconds);
  const double warm = is_slow(call_seconds) ? 0 : std::max(warm_up_seconds, call_seconds);
  return 2 * blocks_per_launch(protocol, call_seconds) * (sample + warm + turn_seconds) +
         call_seconds + setup_seconds;
}

SectionCheck::SectionCheck(const SectionPlan& plan, World world)
    : plan_(plan), world_(std::move(world)), known_(plan.arms.size()) {
  std::map<Arm, std::size_t> originals;
  for (std::size_t arm = 0; arm < plan.arms.size(); ++arm) {
    if (plan.arms[arm].replica == 0) originals[plan.arms[arm]] = arm;
  }
  for (std::size_t arm = 0; arm < plan.arms.size(); ++arm) {
    if (plan.arms[arm].replica == 0) continue;
    Arm original = plan.arms[arm];
    original.replica = 0;
    known_[originals.at(original)].replicas.push_back(arm);
  }
}

void SectionCheck::run() {
  std::vector<std::size_t> cells_of(plan_.problems.size());
  for (std::size_t problem = 0; problem < plan_.problems.size(); ++problem) {
    for (std::size_t arm = 0; arm < plan_.arms.size(); ++arm) {
      cells_of[problem] += runs(plan_, arm, problem);
    }
  }
  std::size_t cells_left = std::accumulate(cells_of.begin(), cells_of.end(), std::size_t{0});
  const double started = world_.now();
  double committed = 0;  // seconds of launches that the cells so far will take
  for (std::size_t problem = 0; problem < plan_.problems.size(); ++problem) {
    for (std::size_t arm = 0; arm < plan_.arms.size(); ++arm) {
      if (plan_.arms[arm].replica != 0 || !runs(plan_, arm, problem)) continue;
      const double left = plan_.protocol.budget_seconds - committed - (world_.now() - started);
      const CellFacts* known = world_.known_facts ? world_.known_facts(arm, problem) : nullptr;
      const CellFacts facts =
          known ? *known
                : check_cell(arm, problem, left * share_of_cell(cells_left, cells_of[problem]));
      for (const std::size_t one : arms_sharing(arm, problem)) {
        if (!known || !world_.known_facts(one, problem)) world_.on_facts(one, problem, facts);
        --cells_left;
        committed += committed_seconds(facts);
      }
    }
  }
}

double SectionCheck::committed_seconds(const CellFacts& facts) const {
  if (facts.status != Status::measured) return 0;
  return plan_.protocol.looks.front() * cell_seconds_per_launch(plan_.protocol, *facts.call_seconds,
                                                                facts.setup_seconds.value_or(0));
}

/// The arm and its replicas on that problem: the same code with the same settings is verified once
/// and measured as arms of their own.
std::vector<std::size_t> SectionCheck::arms_sharing(std::size_t arm, std::size_t problem) const {
  std::vector<std::size_t> arms{arm};
  for (const std::size_t replica : known_[arm].replicas) {
    if (runs(plan_, replica, problem)) arms.push_back(replica);
  }
  return arms;
}

CellFacts SectionCheck::check_cell(std::size_t arm, std::size_t problem, double budget_share) {
  if (const auto reason = why_too_large(problem)) return refused(Status::skipped, *reason);
  const Protocol& protocol = plan_.protocol;
  const double predicted = predicted_call_seconds(arm, problem);
  if (const double seconds = cell_seconds(protocol, predicted, 0); seconds > budget_share) {
    return over_budget(protocol, seconds, budget_share);
  }
  world_.on_progress(fmt::format("checking {} at {}", label(plan_.arms[arm], plan_.varying),
                                 label(plan_.problems[problem])));
  CellFacts facts = ask_worker(arm, problem, predicted);
  if (facts.status != Status::measured) return facts;
  known_[arm].seconds_per_flop = *facts.call_seconds / flops(problem);
  const double seconds =
      cell_seconds(protocol, *facts.call_seconds, facts.setup_seconds.value_or(0));
  return seconds > budget_share ? over_budget(protocol, seconds, budget_share) : facts;
}

CellFacts SectionCheck::ask_worker(std::size_t arm, std::size_t problem,
                                   double expected_call_seconds) {
  const Protocol& protocol = plan_.protocol;
  std::unique_ptr<Worker>& worker = known_[arm].worker;
  const double expected = check_calls * expected_call_seconds + protocol.min_sample_seconds;
  try {
    if (!worker) worker = world_.host.start(plan_.arms[arm]);
    CellFacts facts = worker->prepare({plan_.name, plan_.arms[arm], plan_.problems[problem]},
                                      {true, protocol.min_sample_seconds},
                                      protocol.timeout_seconds + timeout_factor * expected);
    worker->release(protocol.timeout_seconds);
    return facts;
  } catch (const WorkerFailure& failure) {
    worker.reset();
    return refused(Status::failed, failure.what());
  }
}

/// From the largest problem so far, whose fixed costs can make it far too high; from rough rates
/// where that says much less, or where nothing is known: then what it takes at least.
double SectionCheck::predicted_call_seconds(std::size_t arm, std::size_t problem) const {
  const double rough = world_.family.rough_seconds(plan_.arms[arm], plan_.problems[problem]);
  if (!known_[arm].seconds_per_flop) return rough / rough_factor;
  return std::min(*known_[arm].seconds_per_flop * flops(problem), rough * rough_factor);
}

double SectionCheck::flops(std::size_t problem) const {
  return std::max(1.0, world_.family.flops(plan_.problems[problem]));
}

std::optional<std::string> SectionCheck::why_too_large(std::size_t problem) const {
  double needed = 0;
  for (const Arm& arm : plan_.arms) {
    needed += world_.family.memory_bytes(arm, plan_.problems[problem]);
  }
  if (needed <= world_.memory_bytes) return std::nullopt;
  constexpr double gib = 1024.0 * 1024 * 1024;
  return fmt::format("does not fit memory: {} arms need {:.3g} GiB together, {:.3g} GiB are usable",
                     plan_.arms.size(), needed / gib, world_.memory_bytes / gib);
}

}  // namespace crossover::harness
