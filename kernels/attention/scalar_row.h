#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/attention/attention.h"

namespace crossover::kernels::attention {

/// One query of one head by dot products, as textbooks have it; `weights` has room for its keys.
inline void attend_row(const Args& args, Index element, Index head, Index query, float* weights) {
  const Index d = args.head_dim;
  const Index kv_col = head / (args.heads / args.kv_heads) * d;
  const Range seen = visible_keys(args, query);
  const float* q = args.q.row(element, query) + head * d;  // [head_dim]
  float* o = args.o.row(element, query) + head * d;        // [head_dim]

  float largest = -std::numeric_limits<float>::infinity();
  for (Index j = seen.begin; j < seen.end; ++j) {
    const float* k = args.k.row(element, j) + kv_col;
    float score = 0;
    for (Index p = 0; p < d; ++p) score += q[p] * k[p];
    weights[j - seen.begin] = score * args.scale;
    largest = std::max(largest, weights[j - seen.begin]);
  }
  std::fill_n(o, d, 0.0F);
  // -infinity minus itself would be NaN.
  if (largest == -std::numeric_limits<float>::infinity()) largest = 0;
  float sum = 0;
  for (Index j = seen.begin; j < seen.end; ++j) {
    const float weight = std::exp(weights[j - seen.begin] - largest);
    weights[j - seen.begin] = weight;
    sum += weight;
  }
  const float inverse = sum == 0 ? 0 : 1 / sum;
  for (Index j = seen.begin; j < seen.end; ++j) {
    const float* v = args.v.row(element, j) + kv_col;
    const float weight = weights[j - seen.begin] * inverse;
    for (Index p = 0; p < d; ++p) o[p] += weight * v[p];
  }
}

}  // namespace crossover::kernels::attention
