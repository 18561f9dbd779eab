#include "harness/results/summary.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "harness/names.h"
#include "harness/results/manifest.h"
#include "harness/results/run_directory.h"
#include "harness/results/sentence.h"
#include "harness/run/stopping.h"
#include "harness/statistics/crossover.h"

namespace crossover::harness {
namespace {

constexpr Names<Verdict, 4> verdict_names{{{Verdict::faster, "faster"},
                                           {Verdict::slower, "slower"},
                                           {Verdict::equivalent, "equivalent"},
                                           {Verdict::undecided, "undecided"}}};

constexpr Names<Outcome, 6> outcome_names{{{Outcome::crossing, "crossing"},
                                           {Outcome::below, "below"},
                                           {Outcome::above, "above"},
                                           {Outcome::indistinguishable, "indistinguishable"},
                                           {Outcome::several, "several"},
                                           {Outcome::unresolved, "unresolved"}}};

constexpr Names<Sign, 4> sign_names{
    {{Sign::minus, "-"}, {Sign::zero, "0"}, {Sign::plus, "+"}, {Sign::undecided, "?"}}};

Json interval(const Interval& interval) { return {interval.low, interval.high}; }

/// exp() of a log ratio's interval; null where it is unbounded, below two launches.
Json ratio_interval(const Interval& log_ratio) {
  if (!std::isfinite(log_ratio.low) || !std::isfinite(log_ratio.high)) return nullptr;
  return {std::exp(log_ratio.low), std::exp(log_ratio.high)};
}

/// The measured rate of a ceiling at the arm's thread count, or at the largest one measured.
std::optional<double> peak_flops(const Json& ceilings, int threads) {
  const auto fma = ceilings.find("fma_f32");
  if (fma == ceilings.end() || fma->empty()) return std::nullopt;
  const Json* best = nullptr;
  for (const Json& entry : *fma) {
    const int measured = entry.at("threads");
    if (measured > threads) continue;
    if (best == nullptr || measured > best->at("threads").get<int>()) best = &entry;
  }
  if (best == nullptr) return std::nullopt;
  return optional_from<double>(*best, "flops_per_second");
}

Json seconds_json(const Evidence& evidence, std::size_t arm, std::size_t problem) {
  const std::vector<double> medians = evidence.launch_medians(arm, problem);
  if (medians.empty()) return {{"median", nullptr}, {"ci95", nullptr}};
  const auto estimate = median_interval(medians);
  return {{"median", median(medians)}, {"ci95", estimate ? interval(estimate->ci) : Json(nullptr)}};
}

Json counters_json(const CellFacts& facts, const CellTotals& totals) {
  Json counters = to_json(facts).at("counters");
  for (const char* name :
       {"cpu_seconds", "voluntary_switches", "involuntary_switches", "steal_seconds"}) {
    counters[name] = nullptr;
  }
  if (totals.samples == 0) return counters;
  counters["cpu_seconds"] = totals.cpu_seconds / totals.calls;
  counters["voluntary_switches"] = totals.voluntary_switches / totals.calls;
  counters["involuntary_switches"] = totals.involuntary_switches / totals.calls;
  if (totals.steal_seconds) counters["steal_seconds"] = *totals.steal_seconds / totals.calls;
  return counters;
}

/// Looks at one section of one run.
class SectionSummary {
 public:
  SectionSummary(const SectionPlan& plan, const Evidence& evidence)
      : plan_(plan), evidence_(evidence) {}

  Json ceilings() const;
  void add_cells(const Json& ceilings, Json& cells) const;
  void add_comparisons(Json& comparisons) const;
  void add_crossovers(Json& crossovers) const;
  void add_noise(Json& pairs, std::vector<double>& effects) const;

 private:
  std::string arm_label(std::size_t arm) const { return label(plan_.arms[arm], plan_.varying); }
  Json cell(std::size_t arm, std::size_t problem, const Json& ceilings) const;
  Json pair_header(const Pair& pair) const;
  Json crossover(const Pair& pair, const Curve& curve) const;
  const Problem& problem_at(const Curve& curve, std::int64_t axis_value) const;
  bool switch_changed_nothing(const Pair& pair, std::size_t problem) const;

  const SectionPlan& plan_;
  const Evidence& evidence_;
};

/// The best launch: what disturbs a machine can only lower its ceiling, and on a shared one it
/// does.
Json SectionSummary::ceilings() const {
  Json result = Json::object();
  for (std::size_t arm = 0; arm < plan_.arms.size(); ++arm) {
    const CellFacts* facts = evidence_.facts(arm, 0);
    const std::vector<double> medians = evidence_.launch_medians(arm, 0);
    if (facts == nullptr || medians.empty()) continue;
    const auto [fastest, slowest] = std::minmax_element(medians.begin(), medians.end());
    result[plan_.arms[arm].variant].push_back({{"threads", threads_of(plan_.arms[arm])},
                                               {"flops_per_second", facts->work.flops / *fastest},
                                               {"lowest_launch", facts->work.flops / *slowest},
                                               {"launches", medians.size()}});
  }
  return result;
}

Json SectionSummary::cell(std::size_t arm, std::size_t problem, const Json& ceilings) const {
  const CellFacts& facts = *evidence_.facts(arm, problem);
  const Arm& identity = plan_.arms[arm];
  const CellTotals& totals = evidence_.totals(arm, problem);
  const Json seconds = seconds_json(evidence_, arm, problem);
  Json rate = nullptr;
  Json percent = nullptr;
  if (!seconds.at("median").is_null()) {
    const double flops_per_second = facts.work.flops / seconds.at("median").get<double>();
    rate = flops_per_second * 1e-9;
    const auto peak = peak_flops(ceilings, threads_of(identity));
    if (peak) percent = 100 * flops_per_second / *peak;
  }
  return {{"id", cell_id({plan_.name, identity, plan_.problems[problem]})},
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
          {"gflops", rate},
          {"percent_of_peak", percent},
          {"launches", evidence_.launches(arm, problem)},
          {"samples", totals.samples},
          {"prepare_seconds", nullable(facts.prepare_seconds)},
          {"counters", counters_json(facts, totals)}};
}

void SectionSummary::add_cells(const Json& ceilings, Json& cells) const {
  for (std::size_t problem = 0; problem < plan_.problems.size(); ++problem) {
    for (std::size_t arm = 0; arm < plan_.arms.size(); ++arm) {
      if (evidence_.facts(arm, problem) != nullptr) cells.push_back(cell(arm, problem, ceilings));
    }
  }
}

Json SectionSummary::pair_header(const Pair& pair) const {
  const Arm& variant = plan_.arms[pair.variant];
  const Arm& against = plan_.arms[pair.against];
  return {{"section", plan_.name},
          {"family", plan_.family},
          {"variant", variant.variant},
          {"label", arm_label(pair.variant)},
          {"settings", to_json(variant.settings)},
          {"against", against.variant},
          {"against_label", arm_label(pair.against)},
          {"against_settings", to_json(against.settings)}};
}

/// An A/A sold as A/B: the thread counts differ, but nothing that was counted does. The thread
/// count is the one parallelism setting whose effect must show in what is counted.
bool SectionSummary::switch_changed_nothing(const Pair& pair, std::size_t problem) const {
  const Arm& variant = plan_.arms[pair.variant];
  const Arm& against = plan_.arms[pair.against];
  if (threads_of(variant) == threads_of(against)) return false;
  const CellFacts* one = evidence_.facts(pair.variant, problem);
  const CellFacts* other = evidence_.facts(pair.against, problem);
  if (one == nullptr || other == nullptr) return false;
  const ExecutionCounts& a = one->counts.execution;
  const ExecutionCounts& b = other->counts.execution;
  if (!a.parallel_regions || !b.parallel_regions) return false;
  return a.parallel_regions == b.parallel_regions && a.tasks == b.tasks &&
         a.threads_used == b.threads_used && a.code_path == b.code_path;
}

void SectionSummary::add_comparisons(Json& comparisons) const {
  for (std::size_t problem = 0; problem < plan_.problems.size(); ++problem) {
    for (const Pair& pair : plan_.comparisons) {
      const PairEffects effects = evidence_.effects(pair, problem);
      if (effects.all.empty()) continue;
      const auto estimate = pair_estimate(evidence_, pair, problem);
      Json row = pair_header(pair);
      row["problem"] = to_json(plan_.problems[problem]);
      row["launches"] = effects.primary().size();
      row["ratio"] = std::exp(median(effects.primary()));
      row["ci95"] = estimate ? ratio_interval(estimate->ci) : Json(nullptr);
      row["level"] = estimate ? Json(estimate->level) : Json(nullptr);
      row["verdict"] = estimate ? name_in(verdict_names,
                                          verdict(estimate->ci, plan_.protocol.equivalence_margin))
                                : "undecided";
      row["discarded"] = effects.discarded;
      row["ratio_undiscarded"] = std::exp(median(PairEffects::values(effects.all)));
      row["warnings"] = Json::array();
      if (switch_changed_nothing(pair, problem)) {
        row["warnings"].push_back("the switch changed nothing that was counted");
      }
      comparisons.push_back(std::move(row));
    }
  }
}

const Problem& SectionSummary::problem_at(const Curve& curve, std::int64_t axis_value) const {
  const auto found = std::find(curve.axis_values.begin(), curve.axis_values.end(), axis_value);
  const auto place = static_cast<std::size_t>(found - curve.axis_values.begin());
  return plan_.problems[curve.problems.at(place)];
}

Json SectionSummary::crossover(const Pair& pair, const Curve& curve) const {
  const std::vector<CurvePoint> points = curve_points(evidence_, pair, curve);
  const CrossoverResult result =
      locate_crossover(points, plan_.protocol.looks.size(), plan_.protocol.equivalence_margin);
  Json row = pair_header(pair);
  row["axis"] = plan_.axis;
  row["fixed"] = to_json(curve.fixed);
  row["outcome"] = name_in(outcome_names, result.outcome);
  row["intervals"] = Json::array();
  row["variant_wins_above"] = Json::array();
  for (const Crossing& crossing : result.crossings) {
    row["intervals"].push_back({crossing.from, crossing.to});
    row["variant_wins_above"].push_back(crossing.variant_wins_above);
  }
  row["sharp"] = nullptr;
  row["slope"] = nullptr;
  row["predicted"] = nullptr;
  row["notes"] = result.notes;
  row["points"] = Json::array();
  for (std::size_t i = 0; i < result.points.size(); ++i) {
    const LabelledPoint& point = result.points[i];
    row["points"].push_back({{"axis_value", point.axis_value},
                             {"problem", to_json(problem_at(curve, point.axis_value))},
                             {"ratio", std::exp(point.log_ratio.value)},
                             {"ci", ratio_interval(point.log_ratio.ci)},
                             {"launches", points[i].launch_effects.size()},
                             {"sign", name_in(sign_names, point.sign)}});
  }
  row["sentence"] = outcome_sentence(row);
  return row;
}

void SectionSummary::add_crossovers(Json& crossovers) const {
  for (const Pair& pair : plan_.comparisons) {
    for (const Curve& curve : plan_.curves) crossovers.push_back(crossover(pair, curve));
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
                       {"ci95", estimate ? ratio_interval(estimate->ci) : Json(nullptr)},
                       {"launches", here.by_launch().size()}});
    }
    for (const auto& [launch, values] : by_launch) effects.push_back(median(values));
  }
}

Json noise_floor(const Json& pairs, const std::vector<double>& effects) {
  if (effects.empty()) return {{"ratio", nullptr}, {"ci95", nullptr}, {"pairs", pairs}};
  const auto estimate = median_interval(effects);
  return {{"ratio", std::exp(median(effects))},
          {"ci95", estimate ? ratio_interval(estimate->ci) : Json(nullptr)},
          {"pairs", pairs}};
}

}  // namespace

Json summarise(const Json& manifest, const std::vector<Evidence>& evidence) {
  const std::vector<SectionPlan> plans = sections_from(manifest);
  Json ceilings = Json::object();
  Json sections = Json::array();
  Json cells = Json::array();
  Json comparisons = Json::array();
  Json crossovers = Json::array();
  Json aa_pairs = Json::array();
  std::vector<double> aa_effects;
  for (std::size_t i = 0; i < plans.size(); ++i) {
    if (plans[i].name == ceilings_section)
      ceilings = SectionSummary(plans[i], evidence[i]).ceilings();
  }
  for (std::size_t i = 0; i < plans.size(); ++i) {
    if (plans[i].name == ceilings_section) continue;
    const SectionSummary section(plans[i], evidence[i]);
    sections.push_back({{"name", plans[i].name},
                        {"question", to_string(plans[i].question)},
                        {"family", plans[i].family},
                        {"axis", plans[i].axis}});
    section.add_cells(ceilings, cells);
    section.add_comparisons(comparisons);
    section.add_crossovers(crossovers);
    section.add_noise(aa_pairs, aa_effects);
  }
  return {{"schema", schema_version},
          {"experiment", manifest.at("experiment")},
          {"machine", manifest.at("machine").at("name")},
          {"started", manifest.at("started")},
          {"git", manifest.at("git")},
          {"state", manifest.at("state")},
          {"ceilings", ceilings},
          {"sections", sections},
          {"cells", cells},
          {"comparisons", comparisons},
          {"crossovers", crossovers},
          {"noise_floor", noise_floor(aa_pairs, aa_effects)}};
}

}  // namespace crossover::harness
