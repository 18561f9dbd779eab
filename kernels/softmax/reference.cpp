#include "kernels/softmax/reference.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <limits>

namespace crossover::kernels::softmax {
namespace {

constexpr double unit_roundoff = 0x1p-24;  // f32
constexpr double exp_error = 0x1p-21;
const double flushed = 1.01 * std::exp(-87.0);

double gamma(double roundings) {
  return roundings * unit_roundoff / (1 - roundings * unit_roundoff);
}

/// What is known of a row before any of its results is looked at.
struct Expectation {
  bool undefined = false;  // holds NaN or +infinity
  double max = -INFINITY;  // -infinity where everything is masked
  double prefix_maxima = 0;
  double sum = 0;
  double mean_error = 0;  // of the terms, weighted with their shares
};

class RowCheck {
 public:
  RowCheck(const Args& args, Index row)
      : x_(args.x.row(row)), y_(args.y.row(row)), cols_(args.x.cols), scale_(args.scale) {
    for (Index j = 0; j < cols_; ++j) {
      row_.undefined |= std::isnan(x_[j]) || x_[j] == INFINITY;
      if (x_[j] <= row_.max) continue;
      row_.max = x_[j];
      row_.prefix_maxima += 1;
    }
    for (Index j = 0; j < cols_; ++j) {
      row_.sum += weight(j);
      row_.mean_error += weight(j) * term_error(j);
    }
    row_.mean_error /= row_.sum;
  }

  std::optional<std::string> why_wrong() const {
    for (Index j = 0; j < cols_; ++j) {
      if (auto why = why_wrong(j)) return fmt::format("col {}: {}", j, *why);
    }
    return std::nullopt;
  }

 private:
  bool masked(Index j) const { return x_[j] == -INFINITY; }

  double distance(Index j) const {
    return static_cast<double>(scale_) * (static_cast<double>(x_[j]) - row_.max);
  }

  double weight(Index j) const { return masked(j) ? 0 : std::exp(distance(j)); }

  // Far below the maximum, where the weight is flushed, its relative error does not matter.
  double term_error(Index j) const {
    const double d = masked(j) ? 0 : std::min(std::abs(distance(j)), 90.0);
    return d * gamma(2) + (row_.prefix_maxima + 3) * (exp_error + 2 * unit_roundoff);
  }

  std::optional<std::string> why_wrong(Index j) const {
    if (row_.undefined) {
      if (std::isnan(y_[j])) return std::nullopt;
      return fmt::format("value {}, expected NaN, since the row holds NaN or infinity", y_[j]);
    }
    const double expected = masked(j) ? 0 : weight(j) / row_.sum;
    const double q =
        term_error(j) + row_.mean_error + gamma(static_cast<double>(cols_)) + 3 * unit_roundoff;
    const double bound =
        masked(j) ? 0 : expected * q / (1 - q) + flushed + std::numeric_limits<float>::denorm_min();
    if (std::abs(y_[j] - expected) <= bound) return std::nullopt;
    return fmt::format("value {}, expected {}, bound {:.3g}", y_[j], expected, bound);
  }

  const float* x_;
  const float* y_;
  Index cols_;
  float scale_;
  Expectation row_;
};

}  // namespace

std::optional<std::string> why_wrong(const Args& args) {
  for (Index i = 0; i < args.x.rows; ++i) {
    if (auto why = RowCheck(args, i).why_wrong()) return fmt::format("row {}, {}", i, *why);
  }
  return std::nullopt;
}

}  // namespace crossover::kernels::softmax
