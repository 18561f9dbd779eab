#include "harness/results/summary.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "harness/results/ceilings.h"
#include "harness/results/manifest.h"
#include "harness/results/run_directory.h"
#include "harness/results/summary_parts.h"
#include "harness/run/stopping.h"
#include "harness/stored_value.h"

namespace crossover::harness {
namespace {

Json seconds_json(const Evidence& evidence, std::size_t arm, std::size_t problem) {
  const std::vector<double> medians = evidence.launch_medians(arm, problem);
  if (medians.empty()) return {{"median", nullptr}, {"ci95", nullptr}};
  const auto estimate = median_interval(medians);
  return {{"median", median(medians)},
          {"ci95", estimate ? interval_json(estimate->ci) : Json(nullptr)}};
}

Json counters_json(const CellFacts& facts, const CellTotals& totals) {
  Json counters = to_json(facts).at("counters");
  for (const char* name :
       {"cpu_seconds", "voluntary_switches", "involuntary_switches", "steal_seconds"}) {
    counters[name] = nullptr;
  }
  counters["cycles"] = nullable(totals.cycles.per_call());
  counters["instructions"] = nullable(totals.instructions.per_call());
  counters["cache_misses"] = nullable(totals.cache_misses.per_call());
  counters["effective_hertz"] = nullable(totals.cycles.per_cpu_second());
  if (totals.samples == 0) return counters;
  counters["cpu_seconds"] = totals.cpu_seconds / totals.calls;
  counters["voluntary_switches"] = totals.voluntary_switches / totals.calls;
  counters["involuntary_switches"] = totals.involuntary_switches / totals.calls;
  if (totals.steal_seconds) counters["steal_seconds"] = *totals.steal_seconds / totals.calls;
  return counters;
}

/// "texts" and whatever else a call gets done, per second; null where it was not measured.
Json items_per_second(const Work& work, const Json& seconds) {
  Json rates = Json::object();
  for (const auto& [name, count] : work.items) {
    const Json& median = seconds.at("median");
    rates[name] = median.is_null() ? Json(nullptr) : Json(count / median.get<double>());
  }
  return rates;
}

/// Of one cell; null where it does no such work or was not measured.
struct Rates {
  std::optional<double> gflops;
  std::optional<double> gigabytes;  // per second
  std::optional<Ceiling> ceiling;
  std::optional<double> percent_of_peak;
};

/// Looks at one section of one run.
class SectionSummary {
 public:
  /// `ceilings_family`: of the probes that measured the ceilings.
  SectionSummary(const SectionPlan& plan, const Evidence& evidence, std::string ceilings_family)
      : plan_(plan), evidence_(evidence), ceilings_family_(std::move(ceilings_family)) {}

  void add_cells(const Json& ceilings, Json& cells) const;
  void add_noise(Json& pairs, std::vector<double>& effects) const;

 private:
  std::string arm_label(std::size_t arm) const { return label(plan_.arms[arm], plan_.varying); }
  Json cell(std::size_t arm, std::size_t problem, const Json& ceilings) const;
  Rates rates(std::size_t arm, std::size_t problem, const Json& ceilings) const;

  const SectionPlan& plan_;
  const Evidence& evidence_;
  std::string ceilings_family_;
};

/// Of the probes only the one that is the peak relates to it: others do other operations.
Rates SectionSummary::rates(std::size_t arm, std::size_t problem, const Json& ceilings) const {
  constexpr double giga = 1e9;
  Rates rates;
  const std::vector<double> medians = evidence_.launch_medians(arm, problem);
  if (medians.empty()) return rates;
  const double seconds = median(medians);
  const Work& work = evidence_.facts(arm, problem)->work;
  if (work.bytes > 0) rates.gigabytes = work.bytes / seconds / giga;
  if (work.flops > 0) rates.gflops = work.flops / seconds / giga;
  const Arm& identity = plan_.arms[arm];
  const bool other_probe = identity.family == ceilings_family_ && identity.variant != plan_.ceiling;
  if (other_probe) return rates;
  rates.ceiling = ceiling_of(ceilings, plan_.ceiling, identity, work);
  if (!rates.ceiling) return rates;
  const double amount = rates.ceiling->of_bytes ? work.bytes : work.flops;
  if (amount > 0) rates.percent_of_peak = 100 * amount / seconds / rates.ceiling->per_second;
  return rates;
}

Json SectionSummary::cell(std::size_t arm, std::size_t problem, const Json& ceilings) const {
  const CellFacts& facts = *evidence_.facts(arm, problem);
  const Arm& identity = plan_.arms[arm];
  const CellTotals& totals = evidence_.totals(arm, problem);
  const Json seconds = seconds_json(evidence_, arm, problem);
  const Rates rates = this->rates(arm, problem, ceilings);
  Json row = {{"id", cell_id({plan_.name, identity, plan_.problems[problem]})},
              {"section", plan_.name},
              {"family", identity.family},
              {"variant", identity.variant},
              {"label", arm_label(arm)},
              {"threads", threads_of(identity)},
              {"settings", to_json(identity.settings)},
              {"replica", identity.replica},
              {"problem", to_json(plan_.problems[problem])},
              {"status", to_string(facts.status)},
              {"reason", nullable(facts.reason)},
              {"seconds", seconds},
              {"gflops", nullable(rates.gflops)},
              {"gigabytes_per_second", nullable(rates.gigabytes)},
              {"ceiling", to_json(rates.ceiling)},
              {"percent_of_peak", nullable(rates.percent_of_peak)},
              {"launches", evidence_.launches(arm, problem)},
              {"samples", totals.samples},
              {"prepare_seconds", nullable(facts.prepare_seconds)},
              {"counters", counters_json(facts, totals)}};
  // Members of those cells alone that have them: most kernels have neither.
  if (!facts.work.items.empty()) row["items_per_second"] = items_per_second(facts.work, seconds);
  if (!facts.details.empty()) row["details"] = facts.details;
  return row;
}

void SectionSummary::add_cells(const Json& ceilings, Json& cells) const {
  for (std::size_t problem = 0; problem < plan_.problems.size(); ++problem) {
    for (std::size_t arm = 0; arm < plan_.arms.size(); ++arm) {
      if (evidence_.facts(arm, problem) != nullptr) cells.push_back(cell(arm, problem, ceilings));
    }
  }
}

void SectionSummary::add_noise(Json& pairs, std::vector<double>& effects) const {
  for (const Pair& pair : plan_.aa_pairs) {
    // A launch's processes are the same for all of its problems, so that a launch is one value.
    std::map<int, std::vector<double>> by_launch;
    for (const std::size_t problem : plan_.aa_problems) {
      const PairEffects here = evidence_.effects(pair, problem);
      if (here.by_launch().empty()) continue;
      for (const auto& [launch, effect] : here.by_launch()) by_launch[launch].push_back(effect);
      const auto estimate = median_interval(here.primary());
      pairs.push_back({{"section", plan_.name},
                       {"label", arm_label(pair.against)},
                       {"problem", to_json(plan_.problems[problem])},
                       {"ratio", std::exp(median(here.primary()))},
                       {"ci95", estimate ? ratio_json(estimate->ci) : Json(nullptr)},
                       {"launches", here.by_launch().size()}});
    }
    for (const auto& [launch, values] : by_launch) effects.push_back(median(values));
  }
}

Json noise_floor(const Json& pairs, const std::vector<double>& effects) {
  if (effects.empty()) return {{"ratio", nullptr}, {"ci95", nullptr}, {"pairs", pairs}};
  const auto estimate = median_interval(effects);
  return {{"ratio", std::exp(median(effects))},
          {"ci95", estimate ? ratio_json(estimate->ci) : Json(nullptr)},
          {"pairs", pairs}};
}

/// Of a run without them, nothing. Plan and evidence are those that predictions rest on.
struct MeasuredCeilings {
  SectionPlan plan;
  Evidence evidence = Evidence();
  Json json = Json::object();
};

MeasuredCeilings measured_ceilings(const std::vector<SectionPlan>& plans,
                                   const std::vector<Evidence>& evidence) {
  MeasuredCeilings found;
  for (std::size_t i = 0; i < plans.size(); ++i) {
    if (!measures_machine(plans[i].name)) continue;
    const Json measured = ceilings_json(plans[i], evidence[i]);
    for (const auto& [probe, entries] : measured.items()) {
      for (const Json& entry : entries) found.json[probe].push_back(entry);
    }
    if (plans[i].name != ceilings_section) continue;
    found.plan = plans[i];
    found.evidence = evidence[i];
  }
  return found;
}

Json section_json(const SectionPlan& plan) {
  return {{"name", plan.name},
          {"question", to_string(plan.question)},
          {"family", plan.family},
          {"ceiling", plan.ceiling},
          {"axis", plan.axis}};
}

}  // namespace

Json summarise(const Json& manifest, const std::vector<Evidence>& evidence) {
  const std::vector<SectionPlan> plans = sections_from(manifest);
  const MeasuredCeilings ceilings = measured_ceilings(plans, evidence);
  const StoredValue stored(manifest);
  const ModelMachine machine = model_machine(stored.at("machine").json());
  Json sections = Json::array();
  Json cells = Json::array();
  Json comparisons = Json::array();
  Json crossovers = Json::array();
  Json costs = Json::array();
  Json aa_pairs = Json::array();
  std::vector<double> aa_effects;
  for (std::size_t i = 0; i < plans.size(); ++i) {
    const SectionPlan& plan = plans[i];
    if (measures_machine(plan.name)) continue;
    const SectionSummary section(plan, evidence[i], ceilings.plan.family);
    sections.push_back(section_json(plan));
    section.add_cells(ceilings.json, cells);
    add_comparisons(plan, evidence[i], comparisons);
    add_crossovers(
        plan, evidence[i],
        [&](const Pair& pair, const Curve& curve) {
          return predict(ceilings.plan, ceilings.evidence, plan, evidence[i], pair, curve, machine);
        },
        crossovers);
    add_costs(plan, evidence[i], costs);
    section.add_noise(aa_pairs, aa_effects);
  }
  Json summary = {{"schema", schema_version},
                  {"experiment", stored.at("experiment").json()},
                  {"machine", stored.at("machine").at("name").json()},
                  {"started", stored.at("started").json()},
                  {"git", stored.at("git").json()},
                  {"state", stored.at("state").json()},
                  {"ceilings", ceilings.json},
                  {"sections", sections},
                  {"cells", cells},
                  {"comparisons", comparisons},
                  {"crossovers", crossovers},
                  {"noise_floor", noise_floor(aa_pairs, aa_effects)}};
  if (!costs.empty()) summary["costs"] = costs;
  return summary;
}

Json summarise(const StoredRun& run) {
  try {
    return summarise(run.manifest, run.evidence);
  } catch (const Json::exception& error) {
    throw damaged_manifest(run.path, error);
  } catch (const std::invalid_argument& error) {
    throw damaged_manifest(run.path, error);
  }
}

}  // namespace crossover::harness
