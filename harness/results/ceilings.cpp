#include "harness/results/ceilings.h"

#include <algorithm>

#include "harness/statistics/statistics.h"

namespace crossover::harness {
namespace {

/// What the arm's team is beside its thread count.
Json team_json(const Arm& arm) {
  Json team = Json::object();
  for (const auto& [key, value] : arm.settings) {
    if (key == "pin" || key.starts_with("env.")) team[key] = value;
  }
  return team;
}

Json entry(const Arm& arm, const Problem& problem, const CellFacts& facts,
           const std::vector<double>& medians) {
  const Work& work = facts.work;
  const auto [fastest, slowest] = std::minmax_element(medians.begin(), medians.end());
  Json result = {{"threads", threads_of(arm)}};
  if (work.flops > 0 || work.bytes > 0) {
    const bool computes = work.flops > 0;
    const double amount = computes ? work.flops : work.bytes;
    result[computes ? "flops_per_second" : "bytes_per_second"] = amount / *fastest;
    result["lowest_launch"] = amount / *slowest;
    result["code_path"] = nullable(facts.counts.execution.code_path);
  } else {
    const auto constructs =
        static_cast<double>(std::max<std::int64_t>(1, extent(problem, "constructs")));
    result["team"] = team_json(arm);
    result["seconds"] = median(medians) / constructs;
    result["fastest_launch"] = *fastest / constructs;
    result["slowest_launch"] = *slowest / constructs;
  }
  result["launches"] = medians.size();
  return result;
}

}  // namespace

Json ceilings_json(const SectionPlan& section, const Evidence& evidence) {
  Json result = Json::object();
  for (std::size_t arm = 0; arm < section.arms.size(); ++arm) {
    const CellFacts* facts = evidence.facts(arm, 0);
    const std::vector<double> medians = evidence.launch_medians(arm, 0);
    if (facts == nullptr || medians.empty()) continue;
    result[section.arms[arm].variant].push_back(
        entry(section.arms[arm], section.problems.front(), *facts, medians));
  }
  return result;
}

}  // namespace crossover::harness
