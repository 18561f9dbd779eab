#include "harness/statistics/detectable.h"

#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <stdexcept>
#include <string>

#include "harness/statistics/statistics.h"

namespace crossover::harness {

std::optional<double> pooled_launch_sd(std::span<const std::vector<double>> aa_effects) {
  double squares = 0;
  std::size_t freedom = 0;
  for (const std::vector<double>& effects : aa_effects) {
    for (const double effect : effects) {
      if (std::isfinite(effect)) continue;
      throw std::invalid_argument("pooled_launch_sd: effect " + std::to_string(effect) +
                                  "; expected a finite number");
    }
    if (effects.size() < 2) continue;
    double mean = 0;
    for (const double effect : effects) mean += effect / static_cast<double>(effects.size());
    for (const double effect : effects) squares += (effect - mean) * (effect - mean);
    freedom += effects.size() - 1;
  }
  if (freedom == 0) return std::nullopt;
  return std::sqrt(squares / static_cast<double>(freedom));
}

std::optional<double> detectable_ratio(double launch_sd, std::size_t launches, double power) {
  if (!(launch_sd >= 0 && std::isfinite(launch_sd))) {
    throw std::invalid_argument("detectable_ratio: standard deviation " +
                                std::to_string(launch_sd) + "; expected at least 0");
  }
  if (!(power > 0 && power < 1)) {
    throw std::invalid_argument("detectable_ratio: power " + std::to_string(power) +
                                "; expected a share between 0 and 1");
  }
  const auto ranks = median_ranks(launches);
  if (!ranks) return std::nullopt;
  // The share q with P(Binomial(n, q) <= k) = power is Clopper and Pearson's upper bound.
  const double wrong_side = boost::math::binomial::find_upper_bound_on_p(
      static_cast<double>(launches), static_cast<double>(ranks->outside), power,
      boost::math::binomial::clopper_pearson_exact_interval);
  const double effect =
      launch_sd * boost::math::quantile(boost::math::complement(boost::math::normal(), wrong_side));
  return std::exp(effect);
}

}  // namespace crossover::harness
