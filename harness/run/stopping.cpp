#include "harness/run/stopping.h"

namespace crossover::harness {
namespace {

CurvePoint point_of(const PairEffects& effects, std::int64_t axis_value) {
  return {axis_value, effects.primary(), effects.second_opinion()};
}

void want_unsigned_sizes(const SectionPlan& section, const Evidence& evidence,
                         std::vector<bool>& wanted) {
  for (const Pair& pair : section.comparisons) {
    for (const Curve& curve : section.curves) {
      for (const std::size_t problem : curve.problems) {
        const CurvePoint point = point_of(evidence.effects(pair, problem), 0);
        if (point.launch_effects.empty()) continue;
        const LabelledPoint labelled =
            label_point(point, curve.problems.size(), section.protocol.looks.size(),
                        section.protocol.equivalence_margin);
        if (labelled.sign == Sign::undecided) wanted[problem] = true;
      }
    }
  }
}

void want_wide_intervals(const SectionPlan& section, const Evidence& evidence,
                         std::vector<bool>& wanted) {
  for (const Pair& pair : section.comparisons) {
    for (std::size_t problem = 0; problem < section.problems.size(); ++problem) {
      if (evidence.effects(pair, problem).all.empty()) continue;
      const auto estimate = pair_estimate(evidence, pair, problem);
      const bool narrow = estimate && estimate->ci.high - estimate->ci.low <=
                                          2 * section.protocol.target_half_width;
      if (!narrow) wanted[problem] = true;
    }
  }
}

}  // namespace

std::vector<bool> wanted_problems(const SectionPlan& section, const Evidence& evidence) {
  std::vector<bool> wanted(section.problems.size(), false);
  if (section.question == Question::crossover) {
    want_unsigned_sizes(section, evidence, wanted);
  } else {
    want_wide_intervals(section, evidence, wanted);
  }
  return wanted;
}

std::vector<CurvePoint> curve_points(const Evidence& evidence, const Pair& pair,
                                     const Curve& curve) {
  std::vector<CurvePoint> points;
  for (std::size_t i = 0; i < curve.problems.size(); ++i) {
    const PairEffects effects = evidence.effects(pair, curve.problems[i]);
    if (!effects.all.empty()) points.push_back(point_of(effects, curve.axis_values[i]));
  }
  return points;
}

std::optional<Estimate> pair_estimate(const Evidence& evidence, const Pair& pair,
                                      std::size_t problem) {
  const std::vector<double> effects = evidence.effects(pair, problem).primary();
  return effects.empty() ? std::nullopt : median_interval(effects);
}

}  // namespace crossover::harness
