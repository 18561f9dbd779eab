#pragma once

#include "kernels/activation/piece.h"

namespace crossover::kernels::activation {

/// A loop for the instruction set in use (instruction_set.h).
struct SimdLoop {
  const char* name;  // "avx3"
  Loop compute;
};

SimdLoop simd_loop(Function function, Gated gated);

}  // namespace crossover::kernels::activation
