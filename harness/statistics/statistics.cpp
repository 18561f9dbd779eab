#include "harness/statistics/statistics.h"

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <string>

namespace crossover::harness {
namespace {

// An order statistic of values that hold a NaN is undefined behaviour in the standard library, so
// the edge is guarded in release builds too; the check is free beside a sort.
void require_finite(std::span<const double> values, const char* what) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) {
      throw std::invalid_argument(std::string(what) + ": value " + std::to_string(i) + " is " +
                                  std::to_string(values[i]) + "; expected a finite number");
    }
  }
}

void require_any(std::span<const double> values, const char* what) {
  if (values.empty()) {
    throw std::invalid_argument(std::string(what) + ": no values; expected at least one");
  }
}

double median_of_sorted(std::span<const double> sorted) {
  const std::size_t n = sorted.size();
  return n % 2 == 1 ? sorted[n / 2] : std::midpoint(sorted[n / 2 - 1], sorted[n / 2]);
}

std::vector<double> sorted_copy(std::span<const double> values) {
  std::vector<double> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

// Taken around the first value rather than around 0: equal values then give exactly that value, and
// with it an exactly zero variance, where 0.1 + 0.1 + 0.1 over 3 would be off by one ulp.
double shifted_mean(std::span<const double> values) {
  double sum = 0;
  for (const double value : values) sum += value - values[0];
  return values[0] + sum / static_cast<double>(values.size());
}

double mean_log_seconds(std::span<const double> seconds, const char* arm) {
  require_any(seconds, arm);
  double sum = 0;
  for (std::size_t i = 0; i < seconds.size(); ++i) {
    if (!std::isfinite(seconds[i]) || seconds[i] <= 0) {
      throw std::invalid_argument(std::string(arm) + ": sample " + std::to_string(i) + " is " +
                                  std::to_string(seconds[i]) + " s; expected a positive time");
    }
    sum += std::log(seconds[i]);
  }
  return sum / static_cast<double>(seconds.size());
}

}  // namespace

double median(std::span<const double> values) {
  require_any(values, "median");
  require_finite(values, "median");
  return median_of_sorted(sorted_copy(values));
}

double quantile(std::span<const double> values, double share) {
  require_any(values, "quantile");
  require_finite(values, "quantile");
  if (!(share >= 0 && share <= 1)) {
    throw std::invalid_argument("quantile: share " + std::to_string(share) +
                                "; expected one from 0 to 1");
  }
  const std::vector<double> sorted = sorted_copy(values);
  const double place = share * static_cast<double>(sorted.size() - 1);
  const std::size_t below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

double hodges_lehmann(std::span<const double> values) {
  require_any(values, "hodges_lehmann");
  require_finite(values, "hodges_lehmann");
  const std::size_t n = values.size();
  std::vector<double> pairwise_means;
  pairwise_means.reserve(n * (n + 1) / 2);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = i; j < n; ++j) {
      pairwise_means.push_back(std::midpoint(values[i], values[j]));
    }
  }
  std::sort(pairwise_means.begin(), pairwise_means.end());
  return median_of_sorted(pairwise_means);
}

std::optional<MedianRanks> median_ranks(std::size_t n, double level) {
  if (!(level > 0 && level < 1)) {
    throw std::invalid_argument("median_interval: level " + std::to_string(level) +
                                "; expected a share between 0 and 1");
  }
  if (n == 0) return std::nullopt;
  const boost::math::binomial below_median(static_cast<double>(n), 0.5);
  // The interval from the (k+1)-th smallest to the (k+1)-th largest value misses the median where
  // at most k of the n values lie on one side of it.
  std::optional<MedianRanks> ranks;
  double missed = 0;
  for (std::size_t k = 0; k < n / 2; ++k) {
    missed += 2 * boost::math::pdf(below_median, static_cast<double>(k));
    if (1 - missed < level) break;
    ranks = MedianRanks{k, 1 - missed};
  }
  return ranks;
}

std::optional<Estimate> median_interval(std::span<const double> values, double level) {
  require_finite(values, "median_interval");
  const auto ranks = median_ranks(values.size(), level);
  if (!ranks) return std::nullopt;
  const std::vector<double> sorted = sorted_copy(values);
  return Estimate{median_of_sorted(sorted),
                  {sorted[ranks->outside], sorted[sorted.size() - 1 - ranks->outside]},
                  ranks->level};
}

std::optional<Estimate> mean_interval(std::span<const double> values, double alpha) {
  if (!(alpha > 0 && alpha < 1)) {
    throw std::invalid_argument("mean_interval: alpha " + std::to_string(alpha) +
                                "; expected a share between 0 and 1");
  }
  require_finite(values, "mean_interval");
  if (values.size() < 2) return std::nullopt;

  const double n = static_cast<double>(values.size());
  const double mean = shifted_mean(values);
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  const double standard_error = std::sqrt(squares / (n - 1) / n);
  // The complement keeps its digits at the small alphas of Bonferroni, where 1 - alpha/2 would not.
  const double t =
      boost::math::quantile(boost::math::complement(boost::math::students_t(n - 1), alpha / 2));
  return Estimate{mean, {mean - t * standard_error, mean + t * standard_error}, 1 - alpha};
}

Verdict verdict(const Interval& log_ratio, double margin) {
  const double bound = std::log1p(margin);
  if (log_ratio.low >= -bound && log_ratio.high <= bound) return Verdict::equivalent;
  if (log_ratio.low > 0) return Verdict::faster;
  if (log_ratio.high < 0) return Verdict::slower;
  return Verdict::undecided;
}

double block_log_ratio(std::span<const double> against_seconds,
                       std::span<const double> variant_seconds) {
  return mean_log_seconds(against_seconds, "block_log_ratio: against") -
         mean_log_seconds(variant_seconds, "block_log_ratio: variant");
}

}  // namespace crossover::harness
