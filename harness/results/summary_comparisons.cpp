#include <algorithm>
#include <cmath>
#include <vector>

#include "harness/results/pair_verdict.h"
#include "harness/results/summary_parts.h"
#include "harness/run/stopping.h"
#include "harness/statistics/multiplicity.h"
#include "harness/statistics/statistics.h"

namespace crossover::harness {
namespace {

constexpr double alpha = 0.05;

/// An A/A sold as A/B: the thread counts differ, but nothing that was counted does. The thread
/// count is the one parallelism setting whose effect must show in what is counted.
bool switch_changed_nothing(const SectionPlan& section, const Evidence& evidence, const Pair& pair,
                            std::size_t problem) {
  const Arm& variant = section.arms[pair.variant];
  const Arm& against = section.arms[pair.against];
  if (threads_of(variant) == threads_of(against)) return false;
  const CellFacts* one = evidence.facts(pair.variant, problem);
  const CellFacts* other = evidence.facts(pair.against, problem);
  if (one == nullptr || other == nullptr) return false;
  const ExecutionCounts& a = one->counts.execution;
  const ExecutionCounts& b = other->counts.execution;
  if (!a.parallel_regions || !b.parallel_regions) return false;
  return a.parallel_regions == b.parallel_regions && a.tasks == b.tasks &&
         a.threads_used == b.threads_used && a.code_path == b.code_path;
}

Json comparison(const SectionPlan& section, const Evidence& evidence, const Pair& pair,
                std::size_t problem, const PairEffects& effects) {
  const std::vector<double> launches = effects.primary();
  const auto estimate = pair_estimate(evidence, pair, problem);
  Json row = pair_json(section, pair);
  row["problem"] = to_json(section.problems[problem]);
  row["launches"] = launches.size();
  row["ratio"] = std::exp(median(launches));
  row["ci95"] = estimate ? ratio_json(estimate->ci) : Json(nullptr);
  row["level"] = estimate ? Json(estimate->level) : Json(nullptr);
  row["verdict"] =
      name_in(verdict_names, pair_verdict(effects, section.protocol.equivalence_margin));
  row["p_value"] = sign_test_p(launches);
  row["discarded"] = effects.discarded;
  row["ratio_undiscarded"] = std::exp(median(PairEffects::values(effects.all)));
  row["warnings"] = Json::array();
  if (effects.use_all) {
    row["warnings"].push_back(
        "too much was disturbed from outside to set it aside; a verdict needs a second opinion");
  }
  if (switch_changed_nothing(section, evidence, pair, problem)) {
    row["warnings"].push_back("the switch changed nothing that was counted");
  }
  return row;
}

/// A difference that the number of comparisons could have brought about by chance is undecided.
void adjust(Json& rows, Question question) {
  std::vector<double> p_values;
  for (const Json& row : rows) p_values.push_back(row.at("p_value"));
  const bool claims = question == Question::compare;
  const std::vector<double> adjusted =
      claims ? holm_adjusted(p_values) : benjamini_hochberg_adjusted(p_values);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    Json& row = rows[i];
    const Json& single = row.at("verdict");
    const bool difference = single == "faster" || single == "slower";
    row["adjustment"] = claims ? "holm" : "benjamini_hochberg";
    row["p_adjusted"] = adjusted[i];
    row["verdict_adjusted"] = difference && adjusted[i] > alpha ? Json("undecided") : single;
  }
}

}  // namespace

Json pair_json(const SectionPlan& section, const Pair& pair) {
  const Arm& variant = section.arms[pair.variant];
  const Arm& against = section.arms[pair.against];
  return {{"section", section.name},
          {"family", section.family},
          {"variant", variant.variant},
          {"label", label(variant, section.varying)},
          {"settings", to_json(variant.settings)},
          {"against", against.variant},
          {"against_label", label(against, section.varying)},
          {"against_settings", to_json(against.settings)}};
}

Json interval_json(const Interval& interval) { return {interval.low, interval.high}; }

Json ratio_json(const Interval& log_ratio) {
  if (!std::isfinite(log_ratio.low) || !std::isfinite(log_ratio.high)) return nullptr;
  return {std::exp(log_ratio.low), std::exp(log_ratio.high)};
}

void add_comparisons(const SectionPlan& section, const Evidence& evidence, Json& comparisons) {
  Json rows = Json::array();
  for (std::size_t problem = 0; problem < section.problems.size(); ++problem) {
    if (is_sharpening(section, problem)) continue;
    for (const Pair& pair : section.comparisons) {
      const PairEffects effects = evidence.effects(pair, problem);
      if (effects.all.empty()) continue;
      rows.push_back(comparison(section, evidence, pair, problem, effects));
    }
  }
  adjust(rows, section.question);
  for (Json& row : rows) comparisons.push_back(std::move(row));
}

}  // namespace crossover::harness
