#pragma once

#include "kernels/core/matrix.h"

namespace crossover::kernels::attention {

// A block of rows: queries of all heads that share a key-value head, side by side in the lanes of
// vectors. Scores and weights of a key are one row of `width` numbers, so that no sum or maximum
// ever goes across a vector. `width` is a whole number of vectors.

/// Computes scores[j,r] = sum_p keys[j,p] * queries[p,r] for j < count, r < cols.
struct ScoreTask {
  const float* keys = nullptr;  // [count, head_dim]
  Index key_stride = 0;
  const float* queries = nullptr;  // [head_dim, cols], rows `width` apart
  float* scores = nullptr;         // [count, cols], rows `width` apart
  Index count = 0;
  Index head_dim = 0;
  Index width = 0;
  Index cols = 0;  // whole vectors
};

/// Computes out[r][col + c] = factors[r] * out[r][col + c] + sum_j weights[j,r] * values[j,c] for
/// j < count and c < cols. Without factors out is overwritten. count may be 0.
struct ValueTask {
  const float* weights = nullptr;  // [count, width], from the first of the rows on
  const float* values = nullptr;   // [count, cols]
  Index value_stride = 0;
  float* const* out = nullptr;  // [rows] pointers
  Index col = 0;
  const float* factors = nullptr;
  Index count = 0;
  Index cols = 0;  // 1 to TileKernels::cols
  Index width = 0;
  Index rows = 0;  // 1 to TileKernels::rows
};

/// Register-tiled products for one instruction set.
struct TileKernels {
  const char* name;  // "avx3 12x32"
  Index rows;        // keys of a tile of scores, rows of a tile of values
  Index cols;        // rows of a tile of scores, columns of a tile of values
  Index lanes;
  void (*scores)(const ScoreTask&);
  void (*values)(const ValueTask&);
};

/// Those of the instruction set in use (instruction_set.h).
const TileKernels& tile_kernels();

}  // namespace crossover::kernels::attention
