#include "harness/results/curve_analysis.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include "harness/run/stopping.h"

namespace crossover::harness {
namespace {

/// The effects of the launches that all sizes have: effects[launch][size].
std::vector<std::vector<double>> complete_launches(
    const std::vector<std::map<int, double>>& sizes) {
  std::vector<std::vector<double>> launches;
  for (const auto& [launch, first] : sizes.front()) {
    std::vector<double> effects;
    for (const auto& size : sizes) {
      const auto found = size.find(launch);
      if (found != size.end()) effects.push_back(found->second);
    }
    if (effects.size() == sizes.size()) launches.push_back(std::move(effects));
  }
  return launches;
}

/// A size that could not be measured leaves the others a line all the same.
std::optional<SharpInterval> sharpened(const Sharpening& sharpening, const Evidence& evidence,
                                       const Crossing& bracket) {
  std::vector<std::int64_t> sizes;
  std::vector<std::map<int, double>> effects;
  for (std::size_t i = 0; i < sharpening.problems.size(); ++i) {
    const PairEffects here = evidence.effects(sharpening.pair, sharpening.problems[i]);
    if (here.by_launch().empty()) continue;
    sizes.push_back(sharpening.axis_values[i]);
    effects.push_back(here.by_launch());
  }
  if (sizes.empty()) return std::nullopt;
  return sharp_interval(sizes, complete_launches(effects), bracket);
}

/// Between the ends of the bracket.
std::optional<double> chord_slope(const CrossoverResult& located) {
  const Crossing& bracket = located.crossings.front();
  const auto value_at = [&](std::int64_t size) {
    return std::find_if(located.points.begin(), located.points.end(),
                        [&](const LabelledPoint& point) { return point.axis_value == size; })
        ->log_ratio.value;
  };
  const double width =
      std::log(static_cast<double>(bracket.to) / static_cast<double>(bracket.from));
  return (value_at(bracket.to) - value_at(bracket.from)) / width;
}

}  // namespace

CurveAnalysis analyse_curve(const SectionPlan& section, const Evidence& evidence, const Pair& pair,
                            std::size_t curve) {
  CurveAnalysis analysis;
  analysis.located =
      locate_crossover(curve_points(evidence, pair, section.curves[curve]),
                       section.protocol.looks.size(), section.protocol.equivalence_margin);
  if (analysis.located.outcome != Outcome::crossing) return analysis;
  for (const Sharpening& sharpening : section.sharpenings) {
    if (sharpening.pair != pair || sharpening.curve != curve) continue;
    analysis.sharp = sharpened(sharpening, evidence, analysis.located.crossings.front());
  }
  analysis.slope = analysis.sharp ? analysis.sharp->slope.value : chord_slope(analysis.located);
  return analysis;
}

}  // namespace crossover::harness
