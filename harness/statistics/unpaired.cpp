#include "harness/statistics/unpaired.h"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

namespace crossover::harness {
namespace {

/// A part of a variance and what it rests on.
struct Component {
  double variance = 0;
  double degrees_of_freedom = 0;
};

void require_finite(std::span<const double> values, const char* what) {
  for (const double value : values) {
    if (std::isfinite(value)) continue;
    throw std::invalid_argument(std::string("unpaired_interval: ") + what + " " +
                                std::to_string(value) + "; expected a finite number");
  }
}

void require_level(double alpha, const char* what) {
  if (alpha > 0 && alpha < 1) return;
  throw std::invalid_argument(std::string(what) + ": alpha " + std::to_string(alpha) +
                              "; expected a share between 0 and 1");
}

double mean(std::span<const double> values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

Component of_mean(std::span<const double> values) {
  const double n = static_cast<double>(values.size());
  const double centre = mean(values);
  double squares = 0;
  for (const double value : values) squares += (value - centre) * (value - centre);
  return {squares / (n - 1) / n, n - 1};
}

Component between_runs(std::span<const double> a, std::span<const double> b) {
  double squares = 0;
  for (const double effect : a) squares += effect * effect;
  for (const double effect : b) squares += effect * effect;
  const double count = static_cast<double>(a.size() + b.size());
  return {squares / count, count};
}

double satterthwaite(std::span<const Component> components) {
  double sum = 0;
  double parts = 0;
  for (const Component& part : components) {
    sum += part.variance;
    parts += part.variance * part.variance / part.degrees_of_freedom;
  }
  return sum * sum / parts;
}

}  // namespace

std::optional<Estimate> unpaired_interval(const StoredCell& a, const StoredCell& b, double alpha) {
  require_level(alpha, "unpaired_interval");
  for (const StoredCell* cell : {&a, &b}) {
    require_finite(cell->log_launch_medians, "log launch median");
    require_finite(cell->aa_log_effects, "A/A effect");
    if (cell->log_launch_medians.size() < 2) return std::nullopt;
  }
  if (a.aa_log_effects.empty() && b.aa_log_effects.empty()) return std::nullopt;

  const std::vector<Component> components{of_mean(a.log_launch_medians),
                                          of_mean(b.log_launch_medians),
                                          between_runs(a.aa_log_effects, b.aa_log_effects)};
  const double value = mean(a.log_launch_medians) - mean(b.log_launch_medians);
  double variance = 0;
  for (const Component& part : components) variance += part.variance;
  if (variance == 0) return Estimate{value, {value, value}, 1 - alpha};
  const boost::math::students_t student(satterthwaite(components));
  const double reach =
      std::sqrt(variance) * boost::math::quantile(boost::math::complement(student, alpha / 2));
  return Estimate{value, {value - reach, value + reach}, 1 - alpha};
}

std::optional<Estimate> geometric_mean_interval(std::span<const std::map<int, double>> cells,
                                                double alpha) {
  require_level(alpha, "geometric_mean_interval");
  if (cells.empty()) return std::nullopt;
  std::vector<double> means;
  for (const auto& launch : cells[0]) {
    double sum = 0;
    const bool complete = std::all_of(cells.begin(), cells.end(), [&](const auto& cell) {
      const auto found = cell.find(launch.first);
      if (found != cell.end()) sum += found->second;
      return found != cell.end();
    });
    if (complete) means.push_back(sum / static_cast<double>(cells.size()));
  }
  return mean_interval(means, alpha);
}

}  // namespace crossover::harness
