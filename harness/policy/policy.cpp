#include "harness/policy/policy.h"

#include <algorithm>
#include <cmath>

namespace crossover::harness {
namespace {

/// A place along one axis of a grid: the node before it and the share of the way to the next.
struct Step {
  std::size_t node = 0;
  double share = 0;
};

Step step_of(std::int64_t extent, int first_log2, std::size_t nodes) {
  const double last = static_cast<double>(nodes - 1);
  const double place = std::log2(static_cast<double>(extent)) - first_log2;
  const double inside = std::min(std::max(place, 0.0), last);
  const std::size_t node = std::min(static_cast<std::size_t>(inside), nodes - 2);
  return {node, inside - static_cast<double>(node)};
}

}  // namespace

Corners corners_of(const Grid& grid, const Shape& shape) {
  const Step row = step_of(shape.m, grid.first_log2_m, grid.rows);
  const Step column = step_of(shape.n, grid.first_log2_n, grid.columns);
  Corners corners;
  for (std::size_t corner = 0; corner < 4; ++corner) {
    const std::size_t down = corner / 2;
    const std::size_t right = corner % 2;
    corners.node[corner] = (row.node + down) * grid.columns + column.node + right;
    corners.weight[corner] =
        (down != 0 ? row.share : 1 - row.share) * (right != 0 ? column.share : 1 - column.share);
  }
  return corners;
}

double surface_at(const Grid& grid, std::span<const double> log2_k, const Shape& shape) {
  const Step row = step_of(shape.m, grid.first_log2_m, grid.rows);
  const Step column = step_of(shape.n, grid.first_log2_n, grid.columns);
  const double* upper = log2_k.data() + row.node * grid.columns + column.node;
  const double* lower = upper + grid.columns;
  const double at_upper = upper[0] + column.share * (upper[1] - upper[0]);
  const double at_lower = lower[0] + column.share * (lower[1] - lower[0]);
  return at_upper + row.share * (at_lower - at_upper);
}

int choose_threads(const Policy& policy, const Shape& shape) {
  const double log2_k = std::log2(static_cast<double>(shape.k));
  for (auto boundary = policy.boundaries.rbegin(); boundary != policy.boundaries.rend();
       ++boundary) {
    if (log2_k >= surface_at(policy.grid, boundary->log2_k, shape)) return boundary->threads;
  }
  return 1;
}

}  // namespace crossover::harness
