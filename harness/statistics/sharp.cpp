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
/// A line level + slope * u over u = x - mean x, so that level and slope are uncorrelated where the
/// noise is equal at all sizes.
struct Line {
  double level = 0;
  double slope = 0;

  double at(double u) const { return level + slope * u; }
};

/// A variance that depends on u: constant + 2 * linear * u + square * u^2.
struct Variance {
  double constant = 0;
  double linear = 0;
  double square = 0;

  double at(double u) const { return constant + 2 * linear * u + square * u * u; }
};

/// The squared standard error of the mean line in its two parts.
struct Parts {
  Variance of_sizes;
  Variance of_launches;
  double squared_curvature = 0;
  double sizes_freedom = 0;  // degrees of freedom
  double launches_freedom = 0;

  Variance sum() const {
    return {of_sizes.constant + of_launches.constant, of_sizes.linear + of_launches.linear,
            of_sizes.square + of_launches.square};
  }
};

/// Where the sizes lie on the scale of their logarithm.
struct Axis {
  double mean = 0;
  std::vector<double> u;
  double squares = 0;  // sum of u^2
  double mean_square = 0;
  double skew = 0;  // sum of u^3 / sum of u^2

  explicit Axis(std::span<const std::int64_t> sizes) {
    for (const std::int64_t size : sizes) u.push_back(std::log(static_cast<double>(size)));
    for (const double x : u) mean += x / static_cast<double>(u.size());
    for (double& x : u) {
      x -= mean;
      squares += x * x;
      skew += x * x * x;
    }
    mean_square = squares / static_cast<double>(u.size());
    skew /= squares;
  }

  /// u^2 less the line that fits it best over the sizes: how a bent trend leaves the line.
  double bend(double at) const { return at * at - skew * at - mean_square; }

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

/// V_size, V_within and c^2 of the docstring.
struct Residuals {
  double of_means = 0;
  double within = 0;
  double squared_curvature = 0;
};

Residuals residuals_of(Effects effects, const Axis& axis, const std::vector<Line>& lines,
                       const std::vector<double>& means, const Line& mean_line) {
  Residuals residuals;
  double bends = 0;
  double bent = 0;
  for (std::size_t j = 0; j < axis.u.size(); ++j) {
    const double residual = means[j] - mean_line.at(axis.u[j]);
    residuals.of_means += residual * residual;
    bent += residual * axis.bend(axis.u[j]);
    bends += axis.bend(axis.u[j]) * axis.bend(axis.u[j]);
    for (std::size_t launch = 0; launch < effects.size(); ++launch) {
      const double own = effects[launch][j] - lines[launch].at(axis.u[j]) - residual;
      residuals.within += own * own;
    }
  }
  const double freedom = static_cast<double>(axis.u.size()) - 2;
  // The square of an estimate is too large by its variance, which the other residuals tell.
  const double squared = bent * bent / bends;
  const double chance = (residuals.of_means - squared) / (freedom - 1);
  residuals.squared_curvature = std::max(0.0, squared - chance) / bends;
  residuals.of_means /= freedom;
  residuals.within /= freedom * (static_cast<double>(effects.size()) - 1);
  return residuals;
}

/// What the sizes of a launch share beyond the noise of single effects, in the mean of the lines.
Variance shared_variance(const std::vector<Line>& lines, const Line& mean_line, double within,
                         const Axis& axis) {
  const double launches = static_cast<double>(lines.size());
  Variance variance;
  for (const Line& line : lines) {
    const double level = line.level - mean_line.level;
    const double slope = line.slope - mean_line.slope;
    variance.constant += level * level / (launches - 1);
    variance.linear += level * slope / (launches - 1);
    variance.square += slope * slope / (launches - 1);
  }
  const double sizes = static_cast<double>(axis.u.size());
  variance.constant = std::max(0.0, variance.constant - within / sizes) / launches;
  variance.square = std::max(0.0, variance.square - within / axis.squares) / launches;
  // No larger than the two variances allow, or the sum would be negative at some u.
  const double largest = std::sqrt(variance.constant * variance.square);
  variance.linear = std::clamp(variance.linear / launches, -largest, largest);
  return variance;
}

Parts parts_of(Effects effects, const Axis& axis, const std::vector<Line>& lines,
               const std::vector<double>& means, const Line& mean_line) {
  const double sizes = static_cast<double>(axis.u.size());
  const Residuals residuals = residuals_of(effects, axis, lines, means, mean_line);
  Parts parts;
  parts.of_sizes = {residuals.of_means / sizes, 0, residuals.of_means / axis.squares};
  parts.of_launches = shared_variance(lines, mean_line, residuals.within, axis);
  parts.squared_curvature = residuals.squared_curvature;
  parts.sizes_freedom = sizes - 2;
  parts.launches_freedom = static_cast<double>(effects.size()) - 1;
  return parts;
}

/// For the sum of a variance of sizes and one of launches, by Satterthwaite.
double t_quantile(double of_sizes, double of_launches, const Parts& parts) {
  const double sum = of_sizes + of_launches;
  double freedom = parts.sizes_freedom;
  if (sum > 0) {
    freedom = sum * sum /
              (of_sizes * of_sizes / parts.sizes_freedom +
               of_launches * of_launches / parts.launches_freedom);
  }
  return boost::math::quantile(
      boost::math::complement(boost::math::students_t(freedom), (1 - confidence) / 2));
}

Estimate slope_of(const Line& line, const Parts& parts) {
  const double reach = t_quantile(parts.of_sizes.square, parts.of_launches.square, parts) *
                       std::sqrt(parts.sum().square);
  return {line.slope, {line.slope - reach, line.slope + reach}, confidence};
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
  const Parts parts = parts_of(effects, axis, lines, means, line);

  SharpInterval sharp;
  sharp.slope = slope_of(line, parts);
  const double root = -line.level / line.slope;
  const double size = std::exp(axis.mean + root);
  if (std::isfinite(size)) sharp.size = size;
  // A line with its root far outside of the sizes gives a set that is flagged anyway.
  const double u = std::isfinite(root) ? std::clamp(root, axis.u.front(), axis.u.back()) : 0;
  const double t = t_quantile(parts.of_sizes.at(u), parts.of_launches.at(u), parts);
  Variance variance = parts.sum();
  variance.constant += parts.squared_curvature * axis.bend(u) * axis.bend(u);
  if (const auto set = fieller_set(line, variance, t)) {
    sharp.sizes = Interval{std::exp(axis.mean + set->low), std::exp(axis.mean + set->high)};
  }
  sharp.flag = flag_of(sharp, primary);
  return sharp;
}

}  // namespace crossover::harness
