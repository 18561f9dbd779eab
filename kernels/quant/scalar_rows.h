#pragma once

#include <span>

#include "kernels/quant/activation_block.h"
#include "kernels/quant/matmul_q8.h"

namespace crossover::kernels::quant {

/// Quantised activations of the scalar variants, in a workspace: one behind the other, scales
/// first.
struct ScalarRows {
  float* scales = nullptr;        // [m, k/32]
  std::int8_t* values = nullptr;  // [m, k]

  static std::size_t bytes(Index m, Index k) {
    return static_cast<std::size_t>(m * (k / block_values)) * sizeof(float) +
           static_cast<std::size_t>(m * k);
  }

  /// Quantises all of A.
  ScalarRows(const MatrixBatch<const float>& a, std::span<std::byte> workspace)
      : scales(reinterpret_cast<float*>(workspace.data())),
        values(reinterpret_cast<std::int8_t*>(scales + a.rows * (a.cols / block_values))) {
    const Index blocks = a.cols / block_values;
    for (Index i = 0; i < a.rows; ++i) {
      for (Index b = 0; b < blocks; ++b) {
        const Index at = i * blocks + b;
        scales[at] = quantise_block(a.row(0, i) + b * block_values, values + at * block_values);
      }
    }
  }
};

/// The exact sum of 32 products.
inline int dot_of_block(const std::int8_t* a, const std::int8_t* w) {
  int sum = 0;
  for (Index p = 0; p < block_values; ++p) sum += a[p] * w[p];
  return sum;
}

}  // namespace crossover::kernels::quant
