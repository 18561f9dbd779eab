#include "experiments/run_estimate.h"

#include <algorithm>

#include "experiments/probe_cases.h"
#include "harness/results/ceilings.h"
#include "harness/run/section_check.h"
#include "kernels/core/cpu_caches.h"

namespace crossover::experiments {
namespace {

// Measured on two CPUs: every launch has a process of its own for each arm.
constexpr double process_seconds = 0.025;
// Operands are made, filled and given back, weights packed, at about this rate.
constexpr double made_bytes_per_second = 1e9;
// Verifying takes this often as long as making ready: results are compared with a reference.
constexpr double setups_per_check = 3;
constexpr double calls_per_check = 5;

/// What making a cell ready takes. What a family reserves for cold caches is not touched by warm
/// arms; a model is.
double setup_seconds(const harness::FamilyInfo& family, const harness::Arm& arm,
                     const harness::Problem& problem) {
  double bytes = family.memory_bytes(arm, problem);
  if (!harness::is_cold(arm) && !arm.settings.contains("model")) {
    constexpr double cold_sets = 2;
    bytes -= cold_sets * static_cast<double>(kernels::cpu_caches().level3);
  }
  return std::max(0.0, bytes) / made_bytes_per_second;
}

/// One launch of all cells, and what is done once.
struct SectionCost {
  double launch = 0;
  double check = 0;
};

SectionCost cost_of(const harness::SectionPlan& section, const harness::FamilyInfo& family) {
  SectionCost cost;
  for (std::size_t arm = 0; arm < section.arms.size(); ++arm) {
    const bool replica = section.arms[arm].replica != 0;  // is not checked again
    cost.launch += process_seconds;
    if (!replica) cost.check += process_seconds;
    for (std::size_t problem = 0; problem < section.problems.size(); ++problem) {
      if (!harness::runs(section, arm, problem)) continue;
      const double call = family.rough_seconds(section.arms[arm], section.problems[problem]);
      const double setup = setup_seconds(family, section.arms[arm], section.problems[problem]);
      cost.launch += harness::cell_seconds_per_launch(section.protocol, call, setup);
      if (!replica) cost.check += calls_per_check * call + (1 + setups_per_check) * setup;
    }
  }
  return cost;
}

}  // namespace

SecondsRange& SecondsRange::operator+=(const SecondsRange& other) {
  least += other.least;
  most += other.most;
  return *this;
}

SecondsRange estimate(const harness::SectionPlan& section, const harness::FamilyInfo& family) {
  const SectionCost cost = cost_of(section, family);
  const harness::Protocol& protocol = section.protocol;
  const bool sharpens = section.question == harness::Question::crossover;
  const int most_launches = protocol.looks.back() + (sharpens ? protocol.sharp_launches : 0);
  const auto within_budget = [&](int launches) {
    return std::min(cost.check + launches * cost.launch, protocol.budget_seconds);
  };
  return {within_budget(protocol.looks.front()), within_budget(most_launches)};
}

SecondsRange estimate_beside_sections(const harness::Plan& plan,
                                      const std::vector<harness::FamilyInfo>& families) {
  std::vector<harness::SectionPlan> sections{ceilings_plan(plan)};
  if (auto bandwidth = bandwidth_plan(plan)) sections.push_back(std::move(*bandwidth));
  SecondsRange seconds;
  for (const harness::SectionPlan& section : sections) {
    seconds += estimate(section, harness::family_called(families, section.family));
  }
  constexpr double figures_seconds = 2;
  constexpr double figures_seconds_of_section = 1;
  const double figures =
      figures_seconds + figures_seconds_of_section * static_cast<double>(plan.sections.size());
  return seconds += {figures, figures};
}

}  // namespace crossover::experiments
