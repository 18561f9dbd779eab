#pragma once

#include <cstdint>

#include "kernels/core/matrix.h"

namespace crossover::kernels::attention {

/// Scores of a block of rows against some keys, one row of `width` numbers per key
/// (simd_tiles.h), and what is known of each row after the keys before.
struct SoftmaxTask {
  float* scores = nullptr;  // [count, width]; becomes weights
  Index count = 0;
  Index width = 0;           // whole vectors
  float* largest = nullptr;  // [width]: largest score so far, -infinity before the first
  float* sums = nullptr;     // [width]: sum of exp(score - largest) so far
  float* factors = nullptr;  // [width]: what earlier weights must be multiplied with
};

/// Row r of a block keeps its scores of keys from begins[r] up to ends[r]; the others become
/// -infinity.
struct MaskTask {
  float* scores = nullptr;  // [count, width]
  Index count = 0;
  Index width = 0;
  std::int32_t first_key = 0;            // of scores
  const std::int32_t* begins = nullptr;  // [width]
  const std::int32_t* ends = nullptr;    // [width]
};

/// What softmax needs beside products, for one instruction set.
struct SoftmaxKernels {
  /// to[p,r] = scale * rows[r][p] for p < head_dim and r < count; 0 up to width, which is whole
  /// vectors.
  void (*transpose)(const float* const* rows, Index count, Index head_dim, float scale, float* to,
                    Index width);

  /// Scores to weights exp(score - largest), with largest over these keys and those before.
  void (*weigh)(const SoftmaxTask&);

  void (*mask)(const MaskTask&);

  /// The same for one row in memory, scaled: scores become exp(scale * score - largest).
  /// Returns the factor. Reads and writes to the end of a vector; there weights are 0.
  float (*weigh_row)(float* scores, Index count, float scale, float& largest, float& sum);

  /// x[j] *= factor
  void (*multiply)(float* x, Index count, float factor);

  /// Whether no element is infinite or NaN.
  bool (*all_finite)(const float* rows, Index stride, Index count, Index cols);
};

/// Those of the instruction set in use (instruction_set.h).
const SoftmaxKernels& softmax_kernels();

}  // namespace crossover::kernels::attention
