#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include "kernels/core/matrix.h"

namespace crossover::kernels {

/// What a reference knows of one sum: its terms, added in double precision, and how far the same
/// sum in f32 may be off.
///
/// The bound is gamma(k) * sum of |terms| for at most k roundings of any term, where gamma(k) =
/// k*u / (1 - k*u) and u = 2^-24: it holds for sums in any order, with or without fused
/// multiply-add. For long sums it hides a lost term. But where all terms are multiples of one power
/// of two q, and the sum of their magnitudes is below 2^24 * q, every partial sum in any order is a
/// multiple of q that f32 represents exactly: nothing rounds, and the bound is 0. So operands with
/// few bits let one wrong term among millions be seen.
/// Requires: finite terms that double represents exactly; fewer than 2^23 roundings.
/// Source: Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., sections 2.1 and 3.1.
class SumCheck {
 public:
  void add(double term) {
    sum_ += term;
    magnitude_ += std::abs(term);
    if (term != 0) lowest_bit_ = std::min(lowest_bit_, lowest_bit_of(term));
    ++terms_;
  }

  double sum() const { return sum_; }

  /// How far an f32 sum may be off whose terms go through at most so many roundings each.
  double bound(Index roundings) const {
    if (is_exact()) return 0;
    constexpr double unit_roundoff = 0x1p-24;
    constexpr double double_unit_roundoff = 0x1p-53;  // of sum() and of the magnitude
    // Terms that are products below the normal range lose up to half a unit in the last place.
    const double underflow = static_cast<double>(terms_) * std::numeric_limits<float>::denorm_min();
    return (gamma(roundings, unit_roundoff) + 2 * gamma(terms_ + 1, double_unit_roundoff)) *
               magnitude_ +
           underflow;
  }

  /// Whether `value` is what an f32 sum may give. NaN and infinities are not.
  bool accepts(float value, Index roundings) const {
    return std::abs(value - sum_) <= bound(roundings);
  }

 private:
  static double gamma(Index roundings, double unit_roundoff) {
    const double ku = static_cast<double>(roundings) * unit_roundoff;
    return ku / (1 - ku);
  }

  /// The exponent of the lowest bit that is set.
  static int lowest_bit_of(double term) {
    constexpr int mantissa_bits = 52;
    constexpr int bias = 1075;  // of the mantissa as an integer
    const auto bits = std::bit_cast<std::uint64_t>(term);
    const std::uint64_t implicit = std::uint64_t{1} << mantissa_bits;
    const int exponent = static_cast<int>(bits >> mantissa_bits) & 0x7ff;
    const std::uint64_t mantissa = (bits & (implicit - 1)) | (exponent > 0 ? implicit : 0);
    return std::max(exponent, 1) - bias + std::countr_zero(mantissa);
  }

  bool is_exact() const {
    constexpr int f32_lowest_bit = -149;
    constexpr int f32_bits = 24;
    return terms_ == 0 || magnitude_ == 0 ||
           (lowest_bit_ >= f32_lowest_bit &&
            magnitude_ < std::min(std::ldexp(1.0, lowest_bit_ + f32_bits),
                                  static_cast<double>(std::numeric_limits<float>::max())));
  }

  double sum_ = 0;
  double magnitude_ = 0;
  Index terms_ = 0;
  int lowest_bit_ = std::numeric_limits<int>::max();
};

}  // namespace crossover::kernels
