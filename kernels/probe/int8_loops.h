#pragma once

#include <cstdint>

#include "kernels/core/matrix.h"

namespace crossover::kernels::probe {

/// Over all lanes: 12 accumulators of 64 bytes, four times; other vector lengths divide it too.
inline constexpr Index dot_multiply_adds_per_iteration = 3072;

/// The 8-bit dot products of the probe for one instruction set.
struct Int8Loop {
  const char* name;  // "avx512vnni 12x64"

  /// Adds products of 8-bit numbers, all equal to `one`, into 32-bit sums, without touching memory,
  /// dot_multiply_adds_per_iteration of them per iteration, on the calling thread. Returns by how
  /// much the sums grew: with one = 1, the multiply-adds that really ran.
  std::int64_t (*run)(Index iterations, int one);
};

/// That of the instruction set in use (instruction_set.h), or the best one below it: not every CPU
/// with AVX-512 has VNNI, nor every one with NEON the dot product.
const Int8Loop& int8_loop();

}  // namespace crossover::kernels::probe
