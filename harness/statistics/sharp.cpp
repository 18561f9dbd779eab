#include "harness/statistics/sharp.h"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <stdexcept>

namespace crossover::harness {
namespace {

using Effects = std::span<const std::vector<double>>;

constexpr std::size_t fewest_sizes = 4;  // two residual degrees of freedom
constexpr std::size_t fewest_launches = 3;
constexpr double confidence = 0.95;
// V_size is a difference cut off at 0, which is worth less than its nominal degrees of freedom;
// with more than 4 the set covers too little where single sizes deviate (crossover simulate).
constexpr double most_degrees_of_freedom = 4;

/// A line level + slope * u over u = x - mean x, so that level and slope are uncorrelated where the
/// noise is equal at all sizes.
struct Line {
  double level = 0;
  double slope = 0;

  double at(double u) const { return level + slope * u; }
};

/// The squared standard error of the mean line at u is constant + 2 * linear * u + square * u^2.
struct Variance {
  double constant = 0;
  double linear = 0;
  double square = 0;
};

/// Where the sizes lie on the scale of their logarithm.
struct Axis {
  double mean = 0;
  std::vector<double> u;
  double squares = 0;  // sum of u^2

  explicit Axis(std::span<const std::int64_t> sizes) {
    for (const std::int64_t size : sizes) u.push_back(std::log(static_cast<double>(size)));
    for (const double x : u) mean += x / static_cast<double>(u.size());
    for (double& x : u) {
      x -= mean;
      squares += x * x;
    }
  }

  Line fit(const std::vector<double>& effects) const {
    Line line;
    for (std::size_t j = 0; j < u.size(); ++j) {
      line.level += effects[j] / static_cast<double>(u.size());
      line.slope += effects[j] * u[j] / squares;
    }
    return line;
  }
};

void require_ascending(std::span<const std::int64_t> sizes) {
  for (std::size_t j = 0; j < sizes.size(); ++j) {
    if (sizes[j] > (j == 0 ? 0 : sizes[j - 1])) continue;
    throw std::invalid_argument("sharp_interval: size " + std::to_string(sizes[j]) + " at place " +
                                std::to_string(j) +
                                "; expected positive sizes in ascending order, each once");
  }
}

void require_complete(Effects effects, std::size_t sizes) {
  for (std::size_t launch = 0; launch < effects.size(); ++launch) {
    const std::string where = "sharp_interval: launch " + std::to_string(launch);
    if (effects[launch].size() != sizes) {
      throw std::invalid_argument(where + " has " + std::to_string(effects[launch].size()) +
                                  " effects; expected one for each of " + std::to_string(sizes) +
                                  " sizes");
    }
    for (const double effect : effects[launch]) {
      if (std::isfinite(effect)) continue;
      throw std::invalid_argument(where + " has the effect " + std::to_string(effect) +
                                  "; expected a finite number");
    }
  }
}

std::vector<double> means_over_launches(Effects effects) {
  std::vector<double> means(effects[0].size(), 0);
  for (const std::vector<double>& launch : effects) {
    for (std::size_t j = 0; j < means.size(); ++j) {
      means[j] += launch[j] / static_cast<double>(effects.size());
    }
  }
  return means;
}

/// V_size of the docstring.
double variance_of_sizes(Effects effects, const Axis& axis, const std::vector<Line>& lines,
                         const std::vector<double>& means, const Line& mean_line) {
  const double launches = static_cast<double>(effects.size());
  const double freedom = static_cast<double>(axis.u.size()) - 2;
  double of_means = 0;
  double within = 0;
  for (std::size_t j = 0; j < axis.u.size(); ++j) {
    const double residual = means[j] - mean_line.at(axis.u[j]);
    of_means += residual * residual;
    for (std::size_t launch = 0; launch < effects.size(); ++launch) {
      const double own = effects[launch][j] - lines[launch].at(axis.u[j]) - residual;
      within += own * own;
    }
  }
  return std::max(0.0, of_means / freedom - within / (freedom * (launches - 1)) / launches);
}

Variance variance_of(const std::vector<Line>& lines, const Line& mean_line, double of_sizes,
                     const Axis& axis) {
  const double launches = static_cast<double>(lines.size());
  Variance variance{of_sizes / static_cast<double>(axis.u.size()), 0, of_sizes / axis.squares};
  for (const Line& line : lines) {
    const double level = line.level - mean_line.level;
    const double slope = line.slope - mean_line.slope;
    const double weight = 1 / (launches - 1) / launches;
    variance.constant += weight * level * level;
    variance.linear += weight * level * slope;
    variance.square += weight * slope * slope;
  }
  return variance;
}

/// Every u with (level + slope u)^2 <= t^2 variance(u); nullopt where that is no interval.
std::optional<Interval> fieller_set(const Line& line, const Variance& variance, double t) {
  const double a = line.slope * line.slope - t * t * variance.square;
  const double b = line.level * line.slope - t * t * variance.linear;
  const double c = line.level * line.level - t * t * variance.constant;
  if (!(a > 0)) return std::nullopt;
  // With a > 0 the slope is not 0, and at the root of the line the inequality holds: the
  // discriminant is negative by rounding only.
  const double reach = std::sqrt(std::max(0.0, b * b - a * c));
  return Interval{(-b - reach) / a, (-b + reach) / a};
}

std::optional<std::string> flag_of(const SharpInterval& sharp, const Crossing& primary) {
  if (!sharp.sizes) {
    return "the slope inside the bracket cannot be told from 0, so that no end can be given";
  }
  if ((sharp.slope.value > 0) != primary.variant_wins_above) {
    return "the slope inside the bracket contradicts the signs at its ends";
  }
  if (sharp.sizes->high < static_cast<double>(primary.from) ||
      sharp.sizes->low > static_cast<double>(primary.to)) {
    return "the interval lies outside the bracket";
  }
  return std::nullopt;
}

}  // namespace

std::optional<SharpInterval> sharp_interval(std::span<const std::int64_t> sizes, Effects effects,
                                            const Crossing& primary) {
  require_ascending(sizes);
  require_complete(effects, sizes.size());
  if (sizes.size() < fewest_sizes || effects.size() < fewest_launches) return std::nullopt;

  const Axis axis(sizes);
  std::vector<Line> lines;
  for (const std::vector<double>& launch : effects) lines.push_back(axis.fit(launch));
  const std::vector<double> means = means_over_launches(effects);
  const Line line = axis.fit(means);
  const double of_sizes = variance_of_sizes(effects, axis, lines, means, line);
  const Variance variance = variance_of(lines, line, of_sizes, axis);
  const double freedom = std::min({static_cast<double>(effects.size()) - 1,
                                   static_cast<double>(sizes.size()) - 2, most_degrees_of_freedom});
  const double t = boost::math::quantile(
      boost::math::complement(boost::math::students_t(freedom), (1 - confidence) / 2));

  SharpInterval sharp;
  const double root = std::exp(axis.mean - line.level / line.slope);
  if (std::isfinite(root)) sharp.size = root;
  const double reach = t * std::sqrt(variance.square);
  sharp.slope = {line.slope, {line.slope - reach, line.slope + reach}, confidence};
  if (const auto set = fieller_set(line, variance, t)) {
    sharp.sizes = Interval{std::exp(axis.mean + set->low), std::exp(axis.mean + set->high)};
  }
  sharp.flag = flag_of(sharp, primary);
  return sharp;
}

}  // namespace crossover::harness
