#include <algorithm>
#include <cmath>

#include "harness/names.h"
#include "harness/results/curve_analysis.h"
#include "harness/results/sentence.h"
#include "harness/results/summary_parts.h"
#include "harness/run/stopping.h"

namespace crossover::harness {
namespace {

constexpr Names<Outcome, 6> outcome_names{{{Outcome::crossing, "crossing"},
                                           {Outcome::below, "below"},
                                           {Outcome::above, "above"},
                                           {Outcome::indistinguishable, "indistinguishable"},
                                           {Outcome::several, "several"},
                                           {Outcome::unresolved, "unresolved"}}};

constexpr Names<Sign, 4> sign_names{
    {{Sign::minus, "-"}, {Sign::zero, "0"}, {Sign::plus, "+"}, {Sign::undecided, "?"}}};

/// One row of a summary's crossovers in the making.
class CrossoverSummary {
 public:
  CrossoverSummary(const SectionPlan& section, const Evidence& evidence, const Pair& pair,
                   std::size_t curve)
      : section_(section),
        evidence_(evidence),
        pair_(pair),
        curve_(curve),
        analysis_(analyse_curve(section, evidence, pair, curve)) {}

  Json row(const CrossoverPrediction& prediction) const;

 private:
  const Curve& curve() const { return section_.curves[curve_]; }
  std::size_t problem_at(std::int64_t axis_value) const;
  Json interval_at(const std::optional<std::size_t>& crossing) const;
  Json flops_at(std::int64_t axis_value) const;
  void add_crossings(Json& row) const;
  void add_sharp(Json& row) const;
  Json points() const;
  Json notes() const;
  Json sharp_points() const;

  const SectionPlan& section_;
  const Evidence& evidence_;
  const Pair& pair_;
  std::size_t curve_;
  CurveAnalysis analysis_;
};

Json CrossoverSummary::row(const CrossoverPrediction& prediction) const {
  Json row = pair_json(section_, pair_);
  row["axis"] = section_.axis;
  row["fixed"] = to_json(curve().fixed);
  row["outcome"] = name_in(outcome_names, analysis_.located.outcome);
  add_crossings(row);
  add_sharp(row);
  row["predicted"] = nullable(prediction.value);
  row["predicted_band"] = prediction.band ? interval_json(*prediction.band) : Json(nullptr);
  row["predicted_reason"] = nullable(prediction.reason);
  row["predicted_assumption"] = nullable(prediction.assumption);
  row["notes"] = notes();
  row["points"] = points();
  row["sharp_points"] = sharp_points();
  row["sentence"] = outcome_sentence(row);
  return row;
}

void CrossoverSummary::add_crossings(Json& row) const {
  const CrossoverResult& located = analysis_.located;
  row["intervals"] = Json::array();
  row["variant_wins_above"] = Json::array();
  row["flops"] = Json::array();
  for (const Crossing& crossing : located.crossings) {
    row["intervals"].push_back({crossing.from, crossing.to});
    row["variant_wins_above"].push_back(crossing.variant_wins_above);
    row["flops"].push_back({flops_at(crossing.from), flops_at(crossing.to)});
  }
  row["first"] = interval_at(located.first);
  row["persistent"] = interval_at(located.persistent);
  row["resolution"] = nullable(located.resolution);
}

void CrossoverSummary::add_sharp(Json& row) const {
  const std::optional<SharpInterval>& sharp = analysis_.sharp;
  const bool usable = sharp && sharp->sizes && !sharp->flag;
  row["sharp"] = usable ? interval_json(*sharp->sizes) : Json(nullptr);
  row["sharp_size"] = usable ? nullable(sharp->size) : Json(nullptr);
  row["sharp_flag"] = sharp ? nullable(sharp->flag) : Json(nullptr);
  row["slope"] = nullable(analysis_.slope);
  row["slope_ci95"] = sharp ? interval_json(sharp->slope.ci) : Json(nullptr);
}

std::size_t CrossoverSummary::problem_at(std::int64_t axis_value) const {
  const std::vector<std::int64_t>& values = curve().axis_values;
  const auto found = std::lower_bound(values.begin(), values.end(), axis_value);
  return curve().problems.at(static_cast<std::size_t>(found - values.begin()));
}

Json CrossoverSummary::interval_at(const std::optional<std::size_t>& crossing) const {
  if (!crossing) return nullptr;
  const Crossing& bracket = analysis_.located.crossings[*crossing];
  return {bracket.from, bracket.to};
}

/// Operations of one call of the variant there.
Json CrossoverSummary::flops_at(std::int64_t axis_value) const {
  const CellFacts* facts = evidence_.facts(pair_.variant, problem_at(axis_value));
  return facts == nullptr ? Json(nullptr) : Json(facts->work.flops);
}

Json CrossoverSummary::points() const {
  Json points = Json::array();
  for (const LabelledPoint& point : analysis_.located.points) {
    const std::size_t problem = problem_at(point.axis_value);
    const PairEffects effects = evidence_.effects(pair_, problem);
    points.push_back({{"axis_value", point.axis_value},
                      {"problem", to_json(section_.problems[problem])},
                      {"ratio", std::exp(point.log_ratio.value)},
                      {"ci", ratio_json(point.log_ratio.ci)},
                      {"launches", effects.by_launch().size()},
                      {"discarded", effects.discarded},
                      {"sign", name_in(sign_names, point.sign)}});
  }
  return points;
}

Json CrossoverSummary::notes() const {
  Json notes = analysis_.located.notes;
  std::string sizes;
  for (std::size_t i = 0; i < curve().problems.size(); ++i) {
    if (!evidence_.effects(pair_, curve().problems[i]).use_all) continue;
    sizes += (sizes.empty() ? "" : ", ") + std::to_string(curve().axis_values[i]);
  }
  if (!sizes.empty()) {
    notes.push_back(
        "disturbed from outside too often to set it aside, so that a sign needs a second "
        "opinion: " +
        sizes);
  }
  return notes;
}

/// The sizes inside the bracket, each with its own interval.
Json CrossoverSummary::sharp_points() const {
  Json points = Json::array();
  for (const Sharpening& sharpening : section_.sharpenings) {
    if (sharpening.pair != pair_ || sharpening.curve != curve_) continue;
    for (std::size_t i = 0; i < sharpening.problems.size(); ++i) {
      const PairEffects effects = evidence_.effects(pair_, sharpening.problems[i]);
      if (effects.by_launch().empty()) continue;
      const auto estimate = pair_estimate(evidence_, pair_, sharpening.problems[i]);
      points.push_back({{"axis_value", sharpening.axis_values[i]},
                        {"ratio", std::exp(median(effects.primary()))},
                        {"ci95", estimate ? ratio_json(estimate->ci) : Json(nullptr)},
                        {"launches", effects.by_launch().size()}});
    }
  }
  return points;
}

}  // namespace

void add_crossovers(const SectionPlan& section, const Evidence& evidence, const Predict& predict,
                    Json& crossovers) {
  for (const Pair& pair : section.comparisons) {
    for (std::size_t curve = 0; curve < section.curves.size(); ++curve) {
      crossovers.push_back(CrossoverSummary(section, evidence, pair, curve)
                               .row(predict(pair, section.curves[curve])));
    }
  }
}

}  // namespace crossover::harness
