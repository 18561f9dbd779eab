#pragma once

#include "kernels/matmul/matmul.h"

namespace crossover::kernels::matmul {

/// Computes the thread-th of `threads` shares of the product: contiguous rows, or columns where
/// there are fewer rows than threads. Without SIMD.
void multiply_share(const Args& args, int thread, int threads);

}  // namespace crossover::kernels::matmul
