#include "harness/statistics/multiplicity.h"

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <string>

namespace crossover::harness {
namespace {

std::vector<std::size_t> ascending_order(std::span<const double> p_values, const char* what) {
  for (std::size_t i = 0; i < p_values.size(); ++i) {
    if (!(p_values[i] >= 0 && p_values[i] <= 1)) {
      throw std::invalid_argument(std::string(what) + ": p-value " + std::to_string(i) + " is " +
                                  std::to_string(p_values[i]) + "; expected 0..1");
    }
  }
  std::vector<std::size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return p_values[a] < p_values[b]; });
  return order;
}

}  // namespace

double sign_test_p(std::span<const double> values) {
  if (values.empty()) {
    throw std::invalid_argument("sign_test_p: no values; expected at least one");
  }
  std::size_t not_above = 0;
  std::size_t not_below = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) {
      throw std::invalid_argument("sign_test_p: value " + std::to_string(i) + " is " +
                                  std::to_string(values[i]) + "; expected a finite number");
    }
    not_above += values[i] <= 0;
    not_below += values[i] >= 0;
  }
  const boost::math::binomial fair(static_cast<double>(values.size()), 0.5);
  const double fewer = static_cast<double>(std::min(not_above, not_below));
  return std::min(1.0, 2 * boost::math::cdf(fair, fewer));
}

std::vector<double> holm_adjusted(std::span<const double> p_values) {
  const auto order = ascending_order(p_values, "holm_adjusted");
  std::vector<double> adjusted(p_values.size());
  double largest = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const double left = static_cast<double>(order.size() - i);
    largest = std::max(largest, std::min(1.0, left * p_values[order[i]]));
    adjusted[order[i]] = largest;
  }
  return adjusted;
}

std::vector<double> benjamini_hochberg_adjusted(std::span<const double> p_values) {
  const auto order = ascending_order(p_values, "benjamini_hochberg_adjusted");
  std::vector<double> adjusted(p_values.size());
  const double count = static_cast<double>(order.size());
  double smallest = 1;
  for (std::size_t i = order.size(); i-- > 0;) {
    smallest = std::min(smallest, count * p_values[order[i]] / static_cast<double>(i + 1));
    adjusted[order[i]] = smallest;
  }
  return adjusted;
}

std::size_t most_comparisons(std::size_t launches, double alpha) {
  if (!(alpha > 0 && alpha < 1)) {
    throw std::invalid_argument("most_comparisons: alpha " + std::to_string(alpha) +
                                "; expected a share between 0 and 1");
  }
  if (launches == 0) return 0;
  // Scaling by a power of two is exact, so that no rounding decides at the edge.
  const double most =
      std::floor(std::ldexp(alpha, static_cast<int>(std::min<std::size_t>(launches - 1, 1000))));
  constexpr std::size_t largest = std::numeric_limits<std::size_t>::max();
  return most >= static_cast<double>(largest) ? largest : static_cast<std::size_t>(most);
}

}  // namespace crossover::harness
