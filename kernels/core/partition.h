#pragma once

#include <algorithm>

#include "kernels/core/matrix.h"

namespace crossover::kernels {

/// The half-open range [begin, end).
struct Range {
  Index begin = 0;
  Index end = 0;

  Index size() const { return end - begin; }
};

inline Index ceil_div(Index value, Index divisor) { return (value + divisor - 1) / divisor; }

inline Index round_up(Index value, Index multiple) { return ceil_div(value, multiple) * multiple; }

/// The part-th of `parts` contiguous, ordered and disjoint shares of [0, count). Sizes differ by at
/// most one granule, and every inner boundary is a multiple of the granule.
inline Range share(Index count, Index parts, Index part, Index granule = 1) {
  const Index granules = ceil_div(count, granule);
  const auto boundary = [&](Index p) {
    return std::min(count, (granules / parts * p + std::min(p, granules % parts)) * granule);
  };
  return {boundary(part), boundary(part + 1)};
}

}  // namespace crossover::kernels
