#pragma once

#include <algorithm>

#include "kernels/core/rotation.h"

namespace crossover::kernels {

/// Turns one head: y = x turned by the angles of `cosines` and `sines` [rotary_dim / 2], the
/// dimensions from rotary_dim on copied. y may be x. For scalar variants alone, which are built
/// without the vectoriser.
inline void rotate_head(const Rotation& rotation, const float* cosines, const float* sines,
                        Index head_dim, const float* x, float* y) {
  for (Index pair = 0; pair < rotation.pairs(); ++pair) {
    const Index first = rotation.first_of(pair);
    const Index second = rotation.second_of(pair);
    const float a = x[first];
    const float b = x[second];
    y[first] = a * cosines[pair] - b * sines[pair];
    y[second] = a * sines[pair] + b * cosines[pair];
  }
  if (x != y) std::copy(x + rotation.rotary_dim, x + head_dim, y + rotation.rotary_dim);
}

}  // namespace crossover::kernels
