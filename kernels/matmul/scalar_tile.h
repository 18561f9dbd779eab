#pragma once

#include "kernels/core/matrix.h"

namespace crossover::kernels::matmul {

// Eight sums, which is what two adders with a latency of 3 to 4 cycles need to be kept busy. With
// the numbers of A and B and the products they take 12 of the 16 registers of a baseline x86-64. Of
// 3 x 4 sums gcc keeps one on the stack, and every pass waits for that: 7.4 GFLOP/s in place
// of 11.7 at m = n = k = 64 on a Zen 4.
constexpr Index tile_rows = 2;
constexpr Index tile_cols = 4;

/// Adds to C [rows, cols] the sum over p < depth of a(i, p) * b(p, j), for as small a tile that the
/// sums stay in registers until the end.
template <int rows, int cols, class A, class B>
inline void add_tile(Index depth, const A& a, const B& b, float* c, Index c_stride) {
  float sums[rows][cols] = {};
  for (Index p = 0; p < depth; ++p) {
#pragma GCC unroll 8
    for (int j = 0; j < cols; ++j) {
#pragma GCC unroll 8
      for (int i = 0; i < rows; ++i) sums[i][j] += a(i, p) * b(p, j);
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < rows; ++i) {
#pragma GCC unroll 8
    for (int j = 0; j < cols; ++j) c[i * c_stride + j] += sums[i][j];
  }
}

}  // namespace crossover::kernels::matmul
