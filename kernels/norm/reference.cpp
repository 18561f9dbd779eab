#include "kernels/norm/reference.h"

#include <cmath>
#include <fmt/format.h>
#include <limits>

namespace crossover::kernels::norm {
namespace {

constexpr double unit_roundoff = 0x1p-24;  // f32

double gamma(Index roundings) {
  const double ku = static_cast<double>(roundings) * unit_roundoff;
  return ku / (1 - ku);
}

class RowCheck {
 public:
  RowCheck(Kind kind, const Args& args, Residual residual, Index row)
      : kind_(kind), args_(args), row_(row), has_h_(residual != Residual::none), n_(args.x.cols) {
    h_ = has_h_ ? args.h.row(row) : args.x.row(row);
    if (kind == Kind::rms) {
      measure_rms();
    } else {
      measure_layer();
    }
  }

  std::optional<std::string> why_wrong() const {
    for (Index j = 0; has_h_ && j < n_; ++j) {
      const float expected = args_.x.row(row_)[j] + args_.residual.row(row_)[j];
      if (h_[j] == expected) continue;
      return fmt::format("h, row {}, col {}: value {}, expected {}", row_, j, h_[j], expected);
    }
    for (Index j = 0; j < n_; ++j) {
      if (auto why = why_y_wrong(j)) return why;
    }
    return std::nullopt;
  }

 private:
  template <class Term>
  double mean_over_row(const Term& term) const {
    double sum = 0;
    for (Index j = 0; j < n_; ++j) sum += term(static_cast<double>(h_[j]));
    return sum / static_cast<double>(n_);
  }

  void measure_rms() {
    const double squares = mean_over_row([](double h) { return h * h; }) + args_.epsilon;
    scale_ = 1 / std::sqrt(squares);
    scale_error_ = gamma(n_ + 1) / 2 + 4 * unit_roundoff;
  }

  void measure_layer() {
    mean_ = mean_over_row([](double h) { return h; });
    const double variance =
        mean_over_row([this](double h) { return (h - mean_) * (h - mean_); }) + args_.epsilon;
    scale_ = 1 / std::sqrt(variance);
    first_error_ = gamma(n_) * mean_over_row([](double h) { return std::abs(h); });
    mean_error_ = gamma(n_ + 1) *
                  (mean_over_row([this](double h) { return std::abs(h - mean_); }) + first_error_);
    const double variance_error = gamma(n_ + 4) * (variance + first_error_ * first_error_) +
                                  2 * first_error_ * mean_error_ + mean_error_ * mean_error_;
    const double relative = variance_error / variance;
    scale_error_ = relative < 1 ? relative / 2 / (1 - relative) : INFINITY;
  }

  std::optional<std::string> why_y_wrong(Index j) const {
    const double weight = args_.weight[j];
    const double bias = kind_ == Kind::layer && args_.bias ? args_.bias[j] : 0;
    const double distance = h_[j] - mean_;
    const double normal = distance * scale_ * weight;
    const double shift = (mean_error_ + 2 * unit_roundoff * (std::abs(distance) + first_error_)) *
                         scale_ * std::abs(weight);
    const double bound = (std::abs(normal) + shift) * scale_error_ + shift +
                         5 * unit_roundoff * (std::abs(normal) + std::abs(bias)) +
                         2 * std::numeric_limits<float>::denorm_min();
    const double expected = normal + bias;
    const float value = args_.y.row(row_)[j];
    if (std::abs(value - expected) <= bound) return std::nullopt;
    return fmt::format("y, row {}, col {}: value {}, expected {}, bound {:.3g}", row_, j, value,
                       expected, bound);
  }

  Kind kind_;
  const Args& args_;
  Index row_;
  bool has_h_;
  Index n_;
  const float* h_ = nullptr;
  double mean_ = 0;  // 0 with RMS norm
  double scale_ = 0;
  double first_error_ = 0;  // of the mean, before it is corrected
  double mean_error_ = 0;
  double scale_error_ = 0;  // relative
};

}  // namespace

std::optional<std::string> why_wrong(Kind kind, const Args& args, Residual residual) {
  for (Index i = 0; i < args.x.rows; ++i) {
    if (auto why = RowCheck(kind, args, residual, i).why_wrong()) return why;
  }
  return std::nullopt;
}

}  // namespace crossover::kernels::norm
