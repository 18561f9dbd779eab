#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/softmax/softmax.h"

namespace crossover::kernels::softmax {

/// A row, or contiguous elements of one.
struct Piece {
  const float* x = nullptr;  // [cols]
  float* y = nullptr;        // [cols]; may be x
  Index cols = 0;
  float scale = 1;
};

inline Piece piece_of(const Args& args, Index row, Index first, Index cols) {
  return {args.x.row(row) + first, args.y.row(row) + first, cols, args.scale};
}

/// Below every number that is not masked, and finite, so that a difference from it is no NaN.
inline constexpr float lowest = std::numeric_limits<float>::lowest();

/// What a piece is, as seen from outside: the sum of exp(scale * (x - max)) over its elements.
struct Weight {
  float max = lowest;
  float sum = 0;
};

/// exp(scale * (max - new_max)): what weights relative to `max` are worth relative to `new_max`.
inline float rescaled(float max, float new_max, float scale) {
  return max == new_max ? 1 : std::exp((max - new_max) * scale);
}

/// The weight of all pieces of a row; `weight_of(i)` is that of one of them.
template <class WeightOf>
Weight join_weights(Index count, float scale, const WeightOf& weight_of) {
  Weight total;
  for (Index i = 0; i < count; ++i) total.max = std::max(total.max, weight_of(i).max);
  for (Index i = 0; i < count; ++i) {
    const Weight& weight = weight_of(i);
    total.sum += weight.sum * rescaled(weight.max, total.max, scale);
  }
  return total;
}

/// 1 / sum; 0 where everything was masked, so that zeros stay zeros.
inline float inverse_of(float sum) { return sum == 0 ? 0 : 1 / sum; }

}  // namespace crossover::kernels::softmax
