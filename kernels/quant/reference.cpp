#include "kernels/quant/reference.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <limits>
#include <random>
#include <vector>

#include "kernels/core/partition.h"

namespace crossover::kernels::quant {
namespace {

constexpr int freivalds_rounds = 2;  // a wrong row passes one with probability 1/2 at most
constexpr Index sampled_rows = 64;
constexpr Index rows_at_a_time = 64;

// Random signs make a sum exceed this many standard deviations once in 4e13 (Hoeffding).
constexpr double deviations = 8;

constexpr double unit_roundoff = 0x1p-24;         // f32
constexpr double double_unit_roundoff = 0x1p-53;  // what the checks themselves compute in

// A scale product below the normal range loses 2^-150 at most, times 32 * 127 * 128 < 2^19; sums
// lose less.
constexpr double underflow_of_block = 0x1p-130;

double gamma(Index roundings) {
  const double ru = static_cast<double>(roundings) * unit_roundoff;
  return ru / (1 - ru);
}

/// binary16 by its definition.
double number_of_half(std::uint16_t half) {
  const int exponent = half >> 10 & 0x1f;
  const double fraction = half & 0x3ff;
  const double magnitude =
      exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
  return half >> 15 != 0 ? -magnitude : magnitude;
}

/// The numbers that stand for 32 activations, and their scale.
double quantised(const float* x, double* numbers) {
  float amax = 0;
  bool finite = true;
  for (Index p = 0; p < block_values; ++p) {
    finite = finite && std::isfinite(x[p]);
    amax = std::max(amax, std::fabs(x[p]));
  }
  if (!finite || amax < 0x1p-100F) {
    std::fill_n(numbers, block_values, finite ? 0 : std::numeric_limits<double>::quiet_NaN());
    return 0;
  }
  const float scale = amax / 127;
  const float factor = 127 / amax;
  for (Index p = 0; p < block_values; ++p) {
    const float product = x[p] * factor;
    numbers[p] = static_cast<double>(scale) * std::nearbyint(product);
  }
  return scale;
}

class Checker {
 public:
  Checker(const Args& args, Activations activations, std::uint64_t seed)
      : args_(args),
        activations_(activations),
        m_(args.c.rows),
        n_(args.c.cols),
        k_(args.a.cols),
        factor_(gamma(activations == Activations::quantised ? k_ / block_values + 9 : k_ + 1)),
        random_(seed),
        row_(static_cast<std::size_t>(k_)),
        weights_(static_cast<std::size_t>(k_)) {}

  std::optional<std::string> why_wrong() {
    if (m_ == 0 || n_ == 0) return std::nullopt;
    const double products =
        static_cast<double>(m_) * static_cast<double>(n_) * static_cast<double>(k_);
    if (products > full_check_limit) return why_sample_wrong();
    std::vector<Index> rows;
    for (Index i = 0; i < m_; ++i) {
      rows.push_back(i);
      if (i + 1 < m_ && static_cast<Index>(rows.size()) < rows_at_a_time) continue;
      if (auto why = why_rows_wrong(rows)) return why;
      rows.clear();
    }
    return std::nullopt;
  }

 private:
  /// Row i of what is multiplied, into row_. Whether it is finite.
  bool read_row(Index i) {
    const float* a = args_.a.row(0, i);
    if (activations_ == Activations::exact) {
      std::copy_n(a, k_, row_.begin());
    } else {
      for (Index p = 0; p < k_; p += block_values) quantised(a + p, row_.data() + p);
    }
    return std::all_of(row_.begin(), row_.end(), [](double x) { return std::isfinite(x); });
  }

  /// Column j of W^T, into weights_.
  void read_weights(Index j) {
    for (Index b = 0; b < k_ / block_values; ++b) {
      const BlockQ8& block = args_.w.row(0, j)[b];
      const double scale = number_of_half(block.scale);
      for (Index p = 0; p < block_values; ++p) {
        weights_[static_cast<std::size_t>(b * block_values + p)] = scale * block.values[p];
      }
    }
  }

  // One row from each of equal shares of the rows, and both ends, where edges go wrong.
  std::optional<std::string> why_sample_wrong() {
    std::vector<Index> sample = {0, m_ - 1};
    for (Index s = 0; s < std::min(m_, sampled_rows); ++s) {
      const Range rows = share(m_, std::min(m_, sampled_rows), s);
      std::uniform_int_distribution<Index> pick(rows.begin, rows.end - 1);
      sample.push_back(pick(random_));
    }
    if (auto why = why_rows_wrong(sample)) return why;
    for (int round = 0; round < freivalds_rounds; ++round) {
      if (auto why = why_product_wrong()) return why;
    }
    return std::nullopt;
  }

  // Column by column, so that each column of W^T is converted once for all of these rows.
  std::optional<std::string> why_rows_wrong(const std::vector<Index>& rows) {
    std::vector<std::vector<double>> numbers;
    std::vector<bool> finite;
    for (const Index i : rows) {
      finite.push_back(read_row(i));
      numbers.push_back(row_);
    }
    for (Index j = 0; j < n_; ++j) {
      read_weights(j);
      for (std::size_t r = 0; r < rows.size(); ++r) {
        if (auto why = why_element_wrong(rows[r], j, numbers[r], finite[r])) return why;
      }
    }
    return std::nullopt;
  }

  // C[i,j], from row i of what is multiplied and the weights that were read last.
  std::optional<std::string> why_element_wrong(Index i, Index j, const std::vector<double>& row,
                                               bool finite) const {
    const float value = args_.c.row(0, i)[j];
    if (!finite) {
      if (activations_ == Activations::exact || std::isnan(value)) return std::nullopt;
      return fmt::format("row {}, col {}: value {}, expected NaN, as A is not finite", i, j, value);
    }
    double expected = 0;
    double magnitude = 0;
    for (std::size_t p = 0; p < row.size(); ++p) {
      const double product = row[p] * weights_[p];
      expected += product;
      magnitude += std::abs(product);
    }
    const double bound = factor_ * magnitude + underflow();
    if (std::abs(value - expected) <= bound) return std::nullopt;
    return fmt::format("row {}, col {}: value {}, expected {}, bound {:.3g}", i, j, value, expected,
                       bound);
  }

  double underflow() const {
    const Index blocks = k_ / block_values;
    return static_cast<double>(blocks) * underflow_of_block;
  }

  // Freivalds' test: C*x = Q(A) * (W^T*x) with random signs x.
  std::optional<std::string> why_product_wrong() {
    std::vector<double> signs(static_cast<std::size_t>(n_));
    for (double& sign : signs) sign = random_() & 1 ? 1.0 : -1.0;
    std::vector<double> wx(static_cast<std::size_t>(k_));
    std::vector<double> norms(static_cast<std::size_t>(k_));
    for (Index j = 0; j < n_; ++j) {
      read_weights(j);
      for (std::size_t p = 0; p < wx.size(); ++p) {
        wx[p] += weights_[p] * signs[static_cast<std::size_t>(j)];
        norms[p] += weights_[p] * weights_[p];
      }
    }
    for (double& norm : norms) norm = std::sqrt(norm);
    // The error of the double precision sums, whose terms do not cancel in the worst case.
    const double own_error = 2 * static_cast<double>(n_ + k_) * double_unit_roundoff *
                             std::sqrt(static_cast<double>(n_));
    for (Index i = 0; i < m_; ++i) {
      if (!read_row(i)) continue;  // one of those that only a look at every element can check
      double expected = 0;
      double magnitude = 0;
      double value = 0;
      for (std::size_t p = 0; p < row_.size(); ++p) {
        expected += row_[p] * wx[p];
        magnitude += std::abs(row_[p]) * norms[p];
      }
      for (std::size_t j = 0; j < signs.size(); ++j) value += args_.c.row(0, i)[j] * signs[j];
      const double bound =
          (deviations * factor_ + own_error) * magnitude + static_cast<double>(n_) * underflow();
      if (std::abs(value - expected) <= bound) continue;
      if (auto why = why_rows_wrong({i})) return why;
      return fmt::format("row {}: its sum with random signs is {}, expected {}, bound {:.3g}", i,
                         value, expected, bound);
    }
    return std::nullopt;
  }

  const Args& args_;
  Activations activations_;
  Index m_;
  Index n_;
  Index k_;
  double factor_;
  std::mt19937_64 random_;
  std::vector<double> row_;      // [k]
  std::vector<double> weights_;  // [k]
};

}  // namespace

std::optional<std::string> why_wrong(const Args& args, Activations activations,
                                     std::uint64_t seed) {
  return Checker(args, activations, seed).why_wrong();
}

std::optional<std::string> why_far_from_exact(const Args& args) {
  const Index k = args.a.cols;
  constexpr double half_a_step = 0.5001;  // with the roundings of scale, factor and product
  std::vector<double> numbers(block_values);
  for (Index i = 0; i < args.c.rows; ++i) {
    for (Index j = 0; j < args.c.cols; ++j) {
      double expected = 0;
      double magnitude = 0;
      double bound = 0;
      for (Index b = 0; b < k / block_values; ++b) {
        const float* x = args.a.row(0, i) + b * block_values;
        const double step = quantised(x, numbers.data());
        const BlockQ8& block = args.w.row(0, j)[b];
        for (Index p = 0; p < block_values; ++p) {
          const double weight = number_of_half(block.scale) * block.values[p];
          expected += x[p] * weight;
          // A quantised number is at most half a step away, or all of itself where it became 0.
          const double off = half_a_step * step + (step == 0 ? std::abs(x[p]) : 0);
          bound += off * std::abs(weight);
          magnitude += (std::abs(x[p]) + off) * std::abs(weight);
        }
      }
      const Index blocks = k / block_values;
      bound += gamma(k + 1) * magnitude + static_cast<double>(blocks) * underflow_of_block;
      const float value = args.c.row(0, i)[j];
      if (!(std::abs(value - expected) <= bound)) {
        return fmt::format("row {}, col {}: value {}, exact {}, bound {:.3g}", i, j, value,
                           expected, bound);
      }
    }
  }
  return std::nullopt;
}

}  // namespace crossover::kernels::quant
