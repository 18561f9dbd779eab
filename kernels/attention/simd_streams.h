#pragma once

#include "kernels/core/matrix.h"

namespace crossover::kernels::attention {

/// Few queries against many keys, which pass by once, in the order of memory.
struct StreamTask {
  const float* const* queries = nullptr;  // [rows] pointers to [head_dim]
  const float* rows_in = nullptr;         // keys or values [count, head_dim]
  Index stride = 0;                       // from one of them to the next
  float* scores = nullptr;                // [rows, count], or weights
  Index score_stride = 0;
  float* const* out = nullptr;     // [rows] pointers to [head_dim]
  const float* factors = nullptr;  // [rows]; nullptr overwrites out
  Index rows = 0;                  // 1 to StreamKernels::most_rows
  Index count = 0;
  Index head_dim = 0;
};

struct StreamKernels {
  Index most_rows;

  /// scores[r,j] = dot(queries[r], rows_in[j]).
  void (*dots)(const StreamTask&);

  /// out[r] = factors[r] * out[r] + sum_j scores[r,j] * rows_in[j]
  void (*values)(const StreamTask&);
};

/// Those of the instruction set in use (instruction_set.h).
const StreamKernels& stream_kernels();

}  // namespace crossover::kernels::attention
