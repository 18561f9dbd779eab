#include "kernels/qk_norm_rope/reference.h"

#include <cmath>
#include <fmt/format.h>
#include <limits>
#include <vector>

#include "kernels/core/rotation_reference.h"

namespace crossover::kernels::qk_norm_rope {
namespace {

class Checker {
 public:
  explicit Checker(const Args& args)
      : args_(args),
        rotation_(args.rotation),
        expected_(static_cast<std::size_t>(args.head_dim)),
        bounds_(expected_.size()) {}

  std::optional<std::string> why_wrong() {
    for (Index row = 0; row < args_.q.x.rows; ++row) {
      rotation_.move_to(args_.positions.of(row));
      for (const auto& [name, operand] : {std::pair{"Q", &args_.q}, {"K", &args_.k}}) {
        for (Index head = 0; head < operand->heads; ++head) {
          if (auto why = why_head_wrong(*operand, row, head)) {
            return fmt::format("{}, row {}, head {}, {}", name, row, head, *why);
          }
        }
      }
    }
    return std::nullopt;
  }

 private:
  void normalise(const float* x, const float* weight) {
    constexpr double unit_roundoff = 0x1p-24;
    const auto count = static_cast<double>(expected_.size());
    const double roundings = (count / 2 + 5) * unit_roundoff;
    double squares = 0;
    for (std::size_t i = 0; i < expected_.size(); ++i) {
      squares += static_cast<double>(x[i]) * static_cast<double>(x[i]);
    }
    const double rms = std::sqrt(squares / count + static_cast<double>(args_.epsilon));
    for (std::size_t i = 0; i < expected_.size(); ++i) {
      expected_[i] = x[i] * (weight[i] / rms);
      bounds_[i] = roundings / (1 - roundings) * std::abs(expected_[i]) +
                   2.0 * std::numeric_limits<float>::denorm_min();
    }
  }

  std::optional<std::string> why_head_wrong(const Operand& operand, Index row, Index head) {
    const Index offset = head * args_.head_dim;
    normalise(operand.x.row(0, row) + offset, operand.weight);
    rotation_.rotate(expected_, bounds_);
    const float* y = operand.y.row(0, row) + offset;
    for (std::size_t i = 0; i < expected_.size(); ++i) {
      if (!(std::abs(y[i] - expected_[i]) <= bounds_[i])) {
        return fmt::format("dim {}: value {}, expected {}, bound {:.3g}", i, y[i], expected_[i],
                           bounds_[i]);
      }
    }
    return std::nullopt;
  }

  const Args& args_;
  ReferenceRotation rotation_;
  std::vector<double> expected_;  // [head_dim]
  std::vector<double> bounds_;    // [head_dim]
};

}  // namespace

std::optional<std::string> why_wrong(const Args& args) { return Checker(args).why_wrong(); }

}  // namespace crossover::kernels::qk_norm_rope
