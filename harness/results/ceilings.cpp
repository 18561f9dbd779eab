#include "harness/results/ceilings.h"

#include <algorithm>
#include <iterator>
#include <map>

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

/// Null beyond the caches.
std::optional<std::int64_t> kib_of(const Problem& problem) {
  const std::int64_t kib = extent(problem, "kib");
  return kib == 0 ? std::nullopt : std::optional(kib);
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
    if (!computes) result["kib"] = nullable(kib_of(problem));
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

/// Of the entries those of the largest team that is no larger than the arm's.
std::vector<const Json*> of_team(const Json& entries, int threads) {
  std::vector<const Json*> found;
  int team = 0;
  for (const Json& entry : entries) {
    const int measured = entry.at("threads");
    if (measured > threads || measured < team) continue;
    if (measured > team) found.clear();
    team = measured;
    found.push_back(&entry);
  }
  return found;
}

/// Of the entries of one team that of the level where so much memory per thread lives.
const Json* level_of(const std::vector<const Json*>& entries, bool cold, double bytes) {
  constexpr double bytes_per_kib = 1024;
  std::map<std::int64_t, const Json*> levels;  // by KiB
  for (const Json* entry : entries) {
    const auto kib = optional_from<std::int64_t>(*entry, "kib");
    if (cold && !kib) return entry;
    if (kib) levels[*kib] = entry;
  }
  if (cold || levels.empty()) return nullptr;
  const auto beyond = levels.upper_bound(static_cast<std::int64_t>(bytes / bytes_per_kib));
  return beyond == levels.begin() ? beyond->second : std::prev(beyond)->second;
}

}  // namespace

bool is_cold(const Arm& arm) {
  const auto cache = arm.settings.find("cache");
  return cache != arm.settings.end() && cache->second == "cold";
}

std::optional<Ceiling> ceiling_of(const Json& ceilings, const std::string& probe, const Arm& arm,
                                  const Work& work) {
  const auto entries = ceilings.find(probe);
  if (entries == ceilings.end()) return std::nullopt;
  const std::vector<const Json*> team = of_team(*entries, threads_of(arm));
  if (team.empty()) return std::nullopt;
  Ceiling ceiling;
  ceiling.probe = probe;
  ceiling.threads = team.front()->at("threads");
  ceiling.of_bytes = team.front()->contains("bytes_per_second");
  const Json* entry =
      ceiling.of_bytes ? level_of(team, is_cold(arm), work.bytes / ceiling.threads) : team.front();
  if (entry == nullptr) return std::nullopt;
  ceiling.kib = optional_from<std::int64_t>(*entry, "kib");
  const auto rate =
      optional_from<double>(*entry, ceiling.of_bytes ? "bytes_per_second" : "flops_per_second");
  if (!rate) return std::nullopt;
  ceiling.per_second = *rate;
  return ceiling;
}

Json to_json(const std::optional<Ceiling>& ceiling) {
  if (!ceiling) return nullptr;
  return {{"probe", ceiling->probe},
          {"threads", ceiling->threads},
          {"kib", nullable(ceiling->kib)},
          {ceiling->of_bytes ? "bytes_per_second" : "flops_per_second", ceiling->per_second}};
}

Json ceilings_json(const SectionPlan& section, const Evidence& evidence) {
  Json result = Json::object();
  for (std::size_t arm = 0; arm < section.arms.size(); ++arm) {
    for (std::size_t problem = 0; problem < section.problems.size(); ++problem) {
      const CellFacts* facts = evidence.facts(arm, problem);
      const std::vector<double> medians = evidence.launch_medians(arm, problem);
      if (facts == nullptr || medians.empty()) continue;
      result[section.arms[arm].variant].push_back(
          entry(section.arms[arm], section.problems[problem], *facts, medians));
    }
  }
  return result;
}

}  // namespace crossover::harness
