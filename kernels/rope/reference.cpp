#include "kernels/rope/reference.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <vector>

#include "kernels/core/rotation_reference.h"

namespace crossover::kernels::rope {
namespace {

std::optional<std::string> why_head_wrong(const float* y, const std::vector<double>& expected,
                                          const std::vector<double>& bounds) {
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (!(std::abs(y[i] - expected[i]) <= bounds[i])) {
      return fmt::format("dim {}: value {}, expected {}, bound {:.3g}", i, y[i], expected[i],
                         bounds[i]);
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> why_wrong(const Args& args) {
  const Index head_dim = args.heads > 0 ? args.x.cols / args.heads : 0;
  ReferenceRotation rotation(args.rotation);
  std::vector<double> expected(static_cast<std::size_t>(head_dim));
  std::vector<double> bounds(expected.size());
  for (Index row = 0; row < args.x.rows; ++row) {
    rotation.move_to(args.positions.of(row));
    for (Index head = 0; head < args.heads; ++head) {
      const float* x = args.x.row(0, row) + head * head_dim;
      std::copy(x, x + head_dim, expected.begin());
      std::fill(bounds.begin(), bounds.end(), 0.0);
      rotation.rotate(expected, bounds);
      if (auto why = why_head_wrong(args.y.row(0, row) + head * head_dim, expected, bounds)) {
        return fmt::format("row {}, head {}, {}", row, head, *why);
      }
    }
  }
  return std::nullopt;
}

}  // namespace crossover::kernels::rope
