#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "kernels/core/kernel.h"
#include "kernels/core/rotation.h"

namespace crossover::kernels {
class RopeTable;
}

namespace crossover::kernels::qk_norm_rope {

/// The size of a call; every extent may be 0.
struct Problem {
  Index rows = 0;      // tokens
  Index heads = 0;     // of Q
  Index kv_heads = 0;  // of K
  Index head_dim = 0;
  Rotation rotation;
  PositionRange positions;  // what calls may ask for
};

/// Q or K: what a projection left, and where the result goes.
struct Operand {
  MatrixBatch<const float> x;     // [rows, heads * head_dim]
  MatrixBatch<float> y;           // [rows, heads * head_dim]
  const float* weight = nullptr;  // [head_dim], the same for all heads
  Index heads = 0;
};

/// Normalises every head of Q and of K and then turns it, in f32:
///   n[i] = x[i] * weight[i] / sqrt(sum(x^2) / head_dim + epsilon),  y = rotation of n,
/// where pair i with elements a, b of n turns by t = position * scale * base^(-2i / rotary_dim):
///   a' = a cos(t) - b sin(t),  b' = a sin(t) + b cos(t)     (core/rotation.h).
/// Shapes: as above, row-major, strides in elements, batch = 1; Q and K may be columns of one
/// matrix, as one projection of both leaves them; no alignment is required. Aliasing: a y is its x,
/// with the same strides, or overlaps nothing. Memory between the rows is not touched. Requires:
/// epsilon >= 1e-30, and sums of squares below the largest f32. Accuracy: see reference.h.
/// Errors: none; call why_unsupported() first. Cost: 7 flops per element, and two passes over
/// memory, or four where norm and rotation are separate. Source: Zhang & Sennrich,
/// arXiv:1910.07467, 2019 (RMSNorm); Su et al., arXiv:2104.09864, 2021.
struct Args {
  Operand q;
  Operand k;
  Positions positions;  // all of them in Problem::positions
  Rotation rotation;
  Index head_dim = 0;
  float epsilon = 1e-6F;
};

/// What is known before the first call, and the same in every one.
struct Constants {
  const RopeTable* table = nullptr;  // one for all layers of a model; where there is none, every
                                     // variant makes one of its own in prepare()
};

using Kernel = kernels::Kernel<Problem, Args, Constants>;

/// All variants, in the order in which they are listed and plotted.
std::span<const Kernel> family();

/// The variant of that name, or nullptr.
const Kernel* find(std::string_view name);

}  // namespace crossover::kernels::qk_norm_rope
