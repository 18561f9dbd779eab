#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "kernels/core/kernel.h"
#include "kernels/core/rotation.h"

namespace crossover::kernels {
class RopeTable;
}

namespace crossover::kernels::rope {

/// The size of a call; every extent may be 0.
struct Problem {
  Index rows = 0;  // tokens
  Index heads = 0;
  Index head_dim = 0;
  Rotation rotation;
  PositionRange positions;  // what calls may ask for
};

/// Computes rotary position embeddings in f32: y[r,h] = x[r,h] turned by the angles of row r's
/// position. For each pair i of the rotation with elements a, b of a head (core/rotation.h),
///   a' = a cos(t) - b sin(t),  b' = a sin(t) + b cos(t),  t = position * scale *
///   base^(-2i/rotary_dim)
/// and y = x from rotary_dim on.
/// Shapes: x and y [rows, heads * head_dim], row-major, strides in elements, batch = 1; no
/// alignment is required. Aliasing: y is x, with the same strides, or does not overlap it. Memory
/// between the rows is not touched. Accuracy: see reference.h; angles are as good at position
/// 100,000 as at 1. Errors: none; call why_unsupported() first. Cost: 6 flops per pair, and two
/// passes over memory.
struct Args {
  MatrixBatch<const float> x;
  MatrixBatch<float> y;
  Index heads = 0;
  Positions positions;  // all of them in Problem::positions
  Rotation rotation;
};

/// What is known before the first call, and the same in every one.
struct Constants {
  const RopeTable* table = nullptr;  // one for all layers of a model; variants with a table make
                                     // one of their own in prepare() where there is none
};

using Kernel = kernels::Kernel<Problem, Args, Constants>;

/// All variants, in the order in which they are listed and plotted.
std::span<const Kernel> family();

/// The variant of that name, or nullptr.
const Kernel* find(std::string_view name);

}  // namespace crossover::kernels::rope
