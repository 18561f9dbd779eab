#include <cmath>
#include <map>
#include <vector>

#include "harness/results/sentence.h"
#include "harness/results/summary_parts.h"
#include "harness/statistics/cost_model.h"
#include "harness/statistics/statistics.h"

namespace crossover::harness {
namespace {

/// The times of one arm along a curve, by launch.
std::map<int, std::vector<UnitSeconds>> times_by_launch(const Evidence& evidence, std::size_t arm,
                                                        const Curve& curve) {
  std::map<int, std::vector<UnitSeconds>> times;
  for (std::size_t i = 0; i < curve.problems.size(); ++i) {
    const auto units = static_cast<double>(curve.axis_values[i]);
    for (const auto& [launch, seconds] : evidence.medians_by_launch(arm, curve.problems[i])) {
      times[launch].push_back({units, seconds});
    }
  }
  return times;
}

/// By how much the line of all launches' medians misses the one that it misses most, and where.
Json worst_error(const Evidence& evidence, std::size_t arm, const Curve& curve,
                 const LinearCost& line) {
  double worst = 0;
  std::int64_t where = 0;
  for (std::size_t i = 0; i < curve.problems.size(); ++i) {
    const std::vector<double> seconds = evidence.launch_medians(arm, curve.problems[i]);
    if (seconds.empty()) continue;
    const double error = line(static_cast<double>(curve.axis_values[i])) / median(seconds) - 1;
    if (std::abs(error) < std::abs(worst)) continue;
    worst = error;
    where = curve.axis_values[i];
  }
  return {{"relative", worst}, {"axis_value", where}};
}

Json estimate_json(const std::vector<double>& values) {
  const auto estimate = median_interval(values);
  return {{"value", median(values)},
          {"ci95", estimate ? interval_json(estimate->ci) : Json(nullptr)}};
}

/// Null where no launch has enough sizes.
Json cost(const SectionPlan& section, const Evidence& evidence, std::size_t arm,
          const Curve& curve) {
  const auto times = times_by_launch(evidence, arm, curve);
  std::vector<double> fixed;
  std::vector<double> per_unit;
  for (const auto& [launch, of_launch] : times) {
    const Answer<LinearCost> line = fit_linear_cost(of_launch);
    if (!line.value) continue;
    fixed.push_back(line.value->fixed);
    per_unit.push_back(line.value->per_unit);
  }
  if (fixed.empty()) return nullptr;
  const Arm& identity = section.arms[arm];
  Json row = {
      {"section", section.name},
      {"family", section.family},
      {"variant", identity.variant},
      {"label", label(identity, section.varying)},
      {"settings", to_json(identity.settings)},
      {"axis", section.axis},
      {"fixed", to_json(curve.fixed)},
      {"launches", fixed.size()},
      {"fixed_seconds", estimate_json(fixed)},
      {"seconds_per_unit", estimate_json(per_unit)},
      {"worst_error", worst_error(evidence, arm, curve, {median(fixed), median(per_unit)})}};
  row["sentence"] = cost_sentence(row);
  return row;
}

}  // namespace

void add_costs(const SectionPlan& section, const Evidence& evidence, Json& costs) {
  if (section.question != Question::cost) return;
  for (const Curve& curve : section.curves) {
    for (std::size_t arm = 0; arm < section.arms.size(); ++arm) {
      if (section.arms[arm].replica != 0) continue;
      Json row = cost(section, evidence, arm, curve);
      if (!row.is_null()) costs.push_back(std::move(row));
    }
  }
}

}  // namespace crossover::harness
