#include "kernels/matmul/reference.h"

#include <cmath>
#include <fmt/format.h>
#include <limits>
#include <random>
#include <vector>

#include "kernels/core/partition.h"

namespace crossover::kernels::matmul {
namespace {

constexpr int freivalds_rounds = 2;  // a wrong row passes one with probability 1/2 at most
constexpr Index sampled_rows = 64;

// Random signs make a sum exceed this many standard deviations once in 4e13 (Hoeffding).
constexpr double deviations = 8;

constexpr double unit_roundoff = 0x1p-24;         // f32
constexpr double double_unit_roundoff = 0x1p-53;  // what the checks themselves compute in

double gamma(Index roundings) {
  const double ku = static_cast<double>(roundings) * unit_roundoff;
  return ku / (1 - ku);
}

class Checker {
 public:
  Checker(const Args& args, std::uint64_t seed)
      : args_(args),
        m_(args.c.rows),
        n_(args.c.cols),
        k_(args.a.cols),
        random_(seed),
        expected_(static_cast<std::size_t>(n_)),
        magnitude_(static_cast<std::size_t>(n_)) {}

  std::optional<std::string> why_wrong() {
    const bool full = static_cast<double>(m_) * static_cast<double>(n_) * static_cast<double>(k_) <=
                      full_check_limit;
    for (Index element = 0; element < args_.c.batch; ++element) {
      if (auto why = full ? why_rows_wrong(element) : why_sample_wrong(element)) return why;
    }
    return std::nullopt;
  }

 private:
  std::optional<std::string> why_rows_wrong(Index element) {
    for (Index i = 0; i < m_; ++i) {
      if (auto why = why_row_wrong(element, i)) return why;
    }
    return std::nullopt;
  }

  // One row from each of equal shares of the rows, and both ends, where edges go wrong.
  std::optional<std::string> why_sample_wrong(Index element) {
    for (const Index i : {Index{0}, m_ - 1}) {
      if (auto why = why_row_wrong(element, i)) return why;
    }
    for (Index s = 0; s < std::min(m_, sampled_rows); ++s) {
      const Range rows = share(m_, std::min(m_, sampled_rows), s);
      std::uniform_int_distribution<Index> pick(rows.begin, rows.end - 1);
      if (auto why = why_row_wrong(element, pick(random_))) return why;
    }
    for (int round = 0; round < freivalds_rounds; ++round) {
      if (auto why = why_product_wrong(element)) return why;
    }
    return std::nullopt;
  }

  // Calls visit(p, j, B[p,j]) for every element, in the order in which they lie in memory.
  template <class Visit>
  void for_each_of_b(Index element, Visit visit) const {
    const bool transposed = args_.layout == Layout::abt;
    for (Index row = 0; row < args_.b.rows; ++row) {
      const float* b_row = args_.b.row(element, row);
      for (Index col = 0; col < args_.b.cols; ++col) {
        visit(transposed ? col : row, transposed ? row : col, static_cast<double>(b_row[col]));
      }
    }
  }

  std::optional<std::string> why_row_wrong(Index element, Index i) {
    std::fill(expected_.begin(), expected_.end(), 0.0);
    std::fill(magnitude_.begin(), magnitude_.end(), 0.0);
    double* expected = expected_.data();
    double* magnitude = magnitude_.data();
    const float* a_row = args_.a.row(element, i);
    for_each_of_b(element, [&](Index p, Index j, double b) {
      const double product = a_row[p] * b;
      expected[j] += product;
      magnitude[j] += std::abs(product);
    });
    const float* c_row = args_.c.row(element, i);
    for (Index j = 0; j < n_; ++j) {
      // Products below the normal range of f32 lose up to half a unit in its last place each.
      const double bound = gamma(k_ + 1) * magnitude[j] +
                           static_cast<double>(k_) * std::numeric_limits<float>::denorm_min();
      if (!(std::abs(c_row[j] - expected[j]) <= bound)) {
        return fmt::format("batch {}, row {}, col {}: value {}, expected {}, bound {:.3g}", element,
                           i, j, c_row[j], expected[j], bound);
      }
    }
    return std::nullopt;
  }

  // Freivalds' test. With errors |e[i,j]| <= gamma*(|A||B|)[i,j] and signs x that are independent
  // of them, |sum_j e[i,j]*x[j]| <= deviations * norm(e[i,:]), and norm((|A||B|)[i,:]) <=
  // sum_p |a[i,p]| * norm(b[p,:]): a bound in O(mk + kn) that grows with sqrt(n) only.
  std::optional<std::string> why_product_wrong(Index element) {
    std::vector<double> signs(static_cast<std::size_t>(n_));
    for (double& sign : signs) sign = random_() & 1 ? 1.0 : -1.0;
    std::vector<double> bx(static_cast<std::size_t>(k_));
    std::vector<double> norms(static_cast<std::size_t>(k_));
    for_each_of_b(element, [&](Index p, Index j, double b) {
      bx[static_cast<std::size_t>(p)] += b * signs[static_cast<std::size_t>(j)];
      norms[static_cast<std::size_t>(p)] += b * b;
    });
    for (double& norm : norms) norm = std::sqrt(norm);
    // The error of the double precision sums, whose terms do not cancel in the worst case.
    const double own_error = 2 * static_cast<double>(n_ + k_) * double_unit_roundoff *
                             std::sqrt(static_cast<double>(n_));
    const double factor = deviations * gamma(k_ + 1) + own_error;
    for (Index i = 0; i < m_; ++i) {
      if (auto why = why_row_product_wrong(element, i, signs, bx, norms, factor)) return why;
    }
    return std::nullopt;
  }

  std::optional<std::string> why_row_product_wrong(Index element, Index i,
                                                   const std::vector<double>& signs,
                                                   const std::vector<double>& bx,
                                                   const std::vector<double>& norms,
                                                   double factor) {
    double expected = 0;
    double magnitude = 0;
    double value = 0;
    const float* a_row = args_.a.row(element, i);
    const float* c_row = args_.c.row(element, i);
    for (std::size_t p = 0; p < bx.size(); ++p) {
      expected += a_row[p] * bx[p];
      magnitude += std::abs(a_row[p]) * norms[p];
    }
    for (std::size_t j = 0; j < signs.size(); ++j) value += c_row[j] * signs[j];
    if (std::abs(value - expected) <= factor * magnitude) return std::nullopt;
    if (auto why = why_row_wrong(element, i)) return why;
    return fmt::format(
        "batch {}, row {}: its sum with random signs is {}, expected {}, bound {:.3g}", element, i,
        value, expected, factor * magnitude);
  }

  const Args& args_;
  Index m_;
  Index n_;
  Index k_;
  std::mt19937_64 random_;
  std::vector<double> expected_;   // [n]: a row of A * B
  std::vector<double> magnitude_;  // [n]: the same row of |A| * |B|
};

}  // namespace

std::optional<std::string> why_wrong(const Args& args, std::uint64_t seed) {
  return Checker(args, seed).why_wrong();
}

}  // namespace crossover::kernels::matmul
