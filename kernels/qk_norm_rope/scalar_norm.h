#pragma once

#include <cmath>

#include "kernels/core/matrix.h"

namespace crossover::kernels::qk_norm_rope {

/// 1 / sqrt(sum(x^2) / head_dim + epsilon), by scalar loops. Requires head_dim > 0.
inline float inverse_rms(const float* x, Index head_dim, float epsilon) {
  float sum = 0;
  for (Index i = 0; i < head_dim; ++i) sum += x[i] * x[i];
  return 1 / std::sqrt(sum / static_cast<float>(head_dim) + epsilon);
}

}  // namespace crossover::kernels::qk_norm_rope
