#include <algorithm>
#include <cmath>
#include <map>

#include "experiments/doctor.h"
#include "harness/results/ceilings.h"
#include "harness/statistics/cost_model.h"
#include "harness/statistics/detectable.h"
#include "harness/statistics/statistics.h"
#include "kernels/core/instruction_set.h"

namespace crossover::experiments {
namespace {

using harness::Evidence;
using harness::Json;
using harness::nullable;
using harness::SectionPlan;

/// One section with what was measured in it.
struct Examined {
  const SectionPlan& plan;
  const Evidence& evidence;
};

std::optional<Examined> section_called(const std::string& name, const harness::Plan& plan,
                                       const std::vector<Evidence>& evidence) {
  for (std::size_t i = 0; i < plan.sections.size(); ++i) {
    if (plan.sections[i].name == name) return Examined{plan.sections[i], evidence[i]};
  }
  return std::nullopt;
}

Json machine_json(const harness::Machine& machine, const harness::MachineState& state) {
  Json caches = Json::array();
  for (const harness::Cache& cache : machine.caches) {
    caches.push_back({{"level", cache.level},
                      {"type", cache.type},
                      {"bytes", cache.bytes},
                      {"shared_by", cache.shared_by}});
  }
  return {{"cpu", machine.cpu},
          {"cpu_model", harness::nullable(machine.cpu_model)},
          {"cpus", state.cpus},
          {"cores", state.cores},
          {"isa", kernels::instruction_sets()},
          {"caches", caches},
          {"memory_bytes", machine.memory_bytes},
          {"kernel", machine.kernel},
          {"hypervisor", nullable(state.hypervisor)},
          {"governor", nullable(state.governor)},
          {"huge_pages", nullable(state.huge_pages)},
          {"no_counters", nullable(state.no_counters)},
          {"cpu_quota", nullable(state.cpu_quota)},
          {"load_average", nullable(state.load_average)},
          {"swap_used_bytes", state.swap_used_bytes}};
}

/// o(p) for each waiting policy, or why a line cannot be fitted.
Json fork_join_json(const Json& regions) {
  std::map<std::string, std::vector<harness::TeamSeconds>> by_policy;
  for (const Json& region : regions) {
    by_policy[region.at("team").at("env.OMP_WAIT_POLICY")].push_back(
        {region.at("threads"), region.at("seconds")});
  }
  Json result = Json::array();
  for (const auto& [policy, teams] : by_policy) {
    const auto fitted = harness::fit_fork_join(teams);
    result.push_back(
        {{"waiting", policy},
         {"fixed_seconds", fitted.value ? Json(fitted.value->fixed) : Json(nullptr)},
         {"seconds_per_thread", fitted.value ? Json(fitted.value->per_unit) : Json(nullptr)},
         {"reason", fitted.value ? Json(nullptr) : Json(fitted.reason)}});
  }
  return result;
}

Json median_seconds(const std::optional<Examined>& section) {
  if (!section) return nullptr;
  const std::vector<double> medians = section->evidence.launch_medians(0, 0);
  return medians.empty() ? Json(nullptr) : Json(harness::median(medians));
}

Json noise_json(const Examined& noise) {
  Json cells = Json::array();
  std::vector<std::vector<double>> all;
  for (const harness::Pair& pair : noise.plan.comparisons) {
    for (std::size_t problem = 0; problem < noise.plan.problems.size(); ++problem) {
      const harness::PairEffects found = noise.evidence.effects(pair, problem);
      if (found.all.empty()) continue;
      const std::vector<double> effects = found.primary();
      all.push_back(effects);
      const auto estimate = harness::median_interval(effects);
      Json ci = nullptr;
      if (estimate) ci = {std::exp(estimate->ci.low), std::exp(estimate->ci.high)};
      cells.push_back({{"variant", noise.plan.arms[pair.against].variant},
                       {"problem", harness::to_json(noise.plan.problems[problem])},
                       {"ratio", std::exp(harness::median(effects))},
                       {"ci95", ci},
                       {"launch_sd", nullable(harness::pooled_launch_sd(
                                         std::vector<std::vector<double>>{effects}))},
                       {"discarded", found.discarded},
                       {"launches", effects.size()}});
    }
  }
  constexpr std::size_t most_launches = 20;  // of a comparison, unless its config says otherwise
  const auto sd = harness::pooled_launch_sd(all);
  return {{"cells", cells},
          {"launch_sd", nullable(sd)},
          {"launches", most_launches},
          {"detectable_ratio",
           sd ? nullable(harness::detectable_ratio(*sd, most_launches)) : Json(nullptr)}};
}

/// By launch, the rate of two threads over that of one with the first instruction set.
std::vector<double> two_thread_speedups(const Examined& fma) {
  std::map<int, std::size_t> arms;  // by threads
  for (std::size_t arm = 0; arm < fma.plan.arms.size(); ++arm) {
    if (fma.plan.arms[arm].settings.at("isa") != fma.plan.arms[0].settings.at("isa")) continue;
    arms.emplace(harness::threads_of(fma.plan.arms[arm]), arm);
  }
  std::vector<double> speedups;
  if (!arms.contains(1) || !arms.contains(2)) return speedups;
  const std::vector<double> one = fma.evidence.launch_medians(arms[1], 0);
  const std::vector<double> two = fma.evidence.launch_medians(arms[2], 0);
  for (std::size_t i = 0; i < std::min(one.size(), two.size()); ++i) {
    speedups.push_back(2 * one[i] / two[i]);
  }
  return speedups;
}

harness::SeenWhileMeasuring seen_while_measuring(const harness::Plan& plan,
                                                 const std::vector<Evidence>& evidence) {
  harness::SeenWhileMeasuring seen;
  for (std::size_t i = 0; i < plan.sections.size(); ++i) {
    const SectionPlan& section = plan.sections[i];
    for (std::size_t arm = 0; arm < section.arms.size(); ++arm) {
      for (std::size_t problem = 0; problem < section.problems.size(); ++problem) {
        const harness::CellFacts* facts = evidence[i].facts(arm, problem);
        const harness::CellTotals& totals = evidence[i].totals(arm, problem);
        seen.steal_seconds += totals.steal_seconds.value_or(0);
        if (facts != nullptr) {
          seen.measured_seconds += totals.calls * facts->call_seconds.value_or(0);
        }
      }
    }
  }
  if (const auto fma = section_called("fma_f32", plan, evidence)) {
    seen.two_thread_speedups = two_thread_speedups(*fma);
  }
  return seen;
}

}  // namespace

Json doctor_report(const harness::Machine& machine, const harness::MachineState& state,
                   const harness::Plan& plan, const std::vector<Evidence>& evidence) {
  Json ceilings = Json::object();
  for (const char* name : {"fma_f32", "int8_dot", "stream_read", "parallel_region"}) {
    if (const auto section = section_called(name, plan, evidence)) {
      ceilings.update(harness::ceilings_json(section->plan, section->evidence));
    }
  }
  Json warnings = Json::array();
  for (const harness::HealthWarning& warning :
       harness::health_warnings(state, seen_while_measuring(plan, evidence))) {
    warnings.push_back({{"what", warning.what}, {"remedy", warning.remedy}});
  }
  const auto noise = section_called("noise", plan, evidence);
  return {{"schema", 1},
          {"machine", machine_json(machine, state)},
          {"ceilings", ceilings},
          {"fork_join", fork_join_json(ceilings.value("parallel_region", Json::array()))},
          {"harness",
           {{"seconds_per_call", median_seconds(section_called("per_call", plan, evidence))},
            {"seconds_per_sample", median_seconds(section_called("per_sample", plan, evidence))}}},
          {"noise", noise ? noise_json(*noise) : Json(nullptr)},
          {"warnings", warnings}};
}

}  // namespace crossover::experiments
