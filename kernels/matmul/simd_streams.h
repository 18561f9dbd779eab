#pragma once

#include "kernels/matmul/simd_tiles.h"

namespace crossover::kernels::matmul {

/// Inner loops for few rows of A, which read B once and in the order in which it lies in memory.
struct StreamKernels {
  /// Computes C = A * B, all of it: some rows of B at a time pass by, and C stays in cache.
  /// Strip::b holds rows [depth, cols]; panels, accumulate and a_is_packed are not used.
  void (*multiply_rows)(const Strip& strip);

  /// Computes C = A * B of any height from rows of B's transpose, Strip::b [cols, depth], as dot
  /// products.
  void (*multiply_dots)(const Strip& strip);
};

/// Those of the instruction set in use (instruction_set.h).
const StreamKernels& stream_kernels();

}  // namespace crossover::kernels::matmul
