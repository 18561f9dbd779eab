#pragma once

#include "kernels/matmul/matmul.h"

namespace crossover::kernels::matmul {

/// Computes the family's definition in tiles, on the calling thread and without SIMD.
void multiply_blocked(const Args& args);

}  // namespace crossover::kernels::matmul
