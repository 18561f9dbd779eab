#include "kernels/attention/reference.h"

#include <cmath>
#include <fmt/format.h>
#include <limits>
#include <random>
#include <vector>

namespace crossover::kernels::attention {
namespace {

constexpr double unit_roundoff = 0x1p-24;
constexpr double exp_error =
    8 * unit_roundoff;  // 4.8e-7: of kernels/core/exp-inl.h and of std::exp
constexpr double least_block = 16;
constexpr double dropped_weight = 2e-38;  // e^-87, below which a weight may be 0
constexpr Index sampled_queries = 16;

double gamma(Index roundings) {
  const double ku = static_cast<double>(roundings) * unit_roundoff;
  return ku / (1 - ku);
}

class Checker {
 public:
  Checker(const Args& args, std::uint64_t seed) : args_(args), random_(seed) {}

  std::optional<std::string> why_wrong() {
    const Index queries = args_.o.rows;
    const double all = 2.0 * static_cast<double>(args_.o.batch * args_.heads) *
                       static_cast<double>(queries) * static_cast<double>(args_.k.rows) *
                       static_cast<double>(args_.head_dim);
    const Index checked = all <= full_check_limit ? queries : std::min(queries, sampled_queries);
    for (Index element = 0; element < args_.o.batch; ++element) {
      for (Index head = 0; head < args_.heads; ++head) {
        for (Index s = 0; s < checked; ++s) {
          if (auto why = why_row_wrong(element, head, pick(s, checked))) return why;
        }
      }
    }
    return std::nullopt;
  }

 private:
  // One from each of equal shares, and both ends, where edges go wrong.
  Index pick(Index s, Index checked) {
    const Range queries = share(args_.o.rows, checked, s);
    if (s == 0) return 0;
    if (s + 1 == checked) return args_.o.rows - 1;
    return std::uniform_int_distribution<Index>(queries.begin, queries.end - 1)(random_);
  }

  struct Key {
    double score;
    double score_error;
    double weight;
    double relative_error;
  };

  void find_scores(Index element, Index head, Index query, Range seen) {
    const Index d = args_.head_dim;
    const float* q = args_.q.row(element, query) + head * d;
    keys_.clear();
    for (Index j = seen.begin; j < seen.end; ++j) {
      const float* k = args_.k.row(element, j) + kv_col(head);
      double score = 0;
      double magnitude = 0;
      for (Index p = 0; p < d; ++p) {
        const double product = static_cast<double>(q[p]) * k[p];
        score += product;
        magnitude += std::abs(product);
      }
      const double scale = args_.scale;
      keys_.push_back({scale * score, gamma(d + 2) * std::abs(scale) * magnitude, 0, 0});
    }
  }

  // Returns R.
  double find_weights() {
    double largest = -std::numeric_limits<double>::infinity();
    for (const Key& key : keys_) largest = std::max(largest, key.score);
    const auto count = static_cast<Index>(keys_.size());
    const double of_exponentials =
        (exp_error + 2 * unit_roundoff) * (2 + static_cast<double>(count) / least_block);
    double sum = 0;
    for (Key& key : keys_) {
      // -infinity has no weight, whatever the largest one is.
      key.weight = std::isinf(key.score) ? 0 : std::exp(key.score - largest);
      const double exponent = key.score_error + 2 * unit_roundoff * (largest - key.score);
      key.relative_error =
          key.weight == 0 ? 0 : std::expm1(exponent) + of_exponentials + gamma(count);
      sum += key.weight;
    }
    double total_error = 0;
    for (Key& key : keys_) {
      if (sum > 0) key.weight /= sum;
      total_error += key.weight * key.relative_error;
    }
    return total_error;
  }

  std::optional<std::string> why_row_wrong(Index element, Index head, Index query) {
    const Range seen = visible_keys(args_, query);
    find_scores(element, head, query, seen);
    const double weight_error = find_weights();
    if (weight_error >= 0.5) {
      return fmt::format("batch {}, query {}, head {}: scores too large to be checked", element,
                         query, head);
    }
    const float* o = args_.o.row(element, query) + head * args_.head_dim;
    for (Index p = 0; p < args_.head_dim; ++p) {
      double expected = 0;
      double error = 0;
      double magnitude = 0;
      for (Index j = seen.begin; j < seen.end; ++j) {
        const Key& key = keys_[static_cast<std::size_t>(j - seen.begin)];
        if (key.weight == 0) continue;
        const double value = args_.v.row(element, j)[kv_col(head) + p];
        expected += key.weight * value;
        error += key.weight * key.relative_error * std::abs(value);
        magnitude += std::abs(value);
      }
      const double bound = (error + weight_error * std::abs(expected)) / (1 - weight_error) +
                           3 * unit_roundoff * std::abs(expected) +
                           dropped_weight * (magnitude + 1);
      if (!(std::abs(o[p] - expected) <= bound)) {
        return fmt::format(
            "batch {}, query {}, head {}, col {}: value {}, expected {}, bound {:.3g}", element,
            query, head, p, o[p], expected, bound);
      }
    }
    return std::nullopt;
  }

  Index kv_col(Index head) const { return head / (args_.heads / args_.kv_heads) * args_.head_dim; }

  const Args& args_;
  std::mt19937_64 random_;
  std::vector<Key> keys_;  // that a query sees
};

}  // namespace

std::optional<std::string> why_wrong(const Args& args, std::uint64_t seed) {
  return Checker(args, seed).why_wrong();
}

}  // namespace crossover::kernels::attention
