#pragma once

#include <span>
#include <string_view>

#include "kernels/core/kernel.h"
#include "kernels/core/matrix.h"

namespace crossover::kernels::dot {

/// The size of a call: so many pairs of vectors of one length; both may be 0.
struct Problem {
  Index batch = 1;
  Index n = 0;
};

/// Computes result[b] = sum over i of x[b,i] * y[b,i] in f32, overwriting result (n = 0 gives 0).
/// Shapes: x and y [batch,n] as the rows of one matrix each (MatrixBatch::batch is 1), strides in
/// elements; result [batch]; no alignment is required. Memory between the rows is not touched.
/// Aliasing: result overlaps neither x nor y; x and y may overlap. The order of the sum is the
/// variant's, and with Threading::openmp it depends on the number of threads, not on their timing.
/// Errors: none; call why_unsupported() first. Cost: 2*batch*n flops, 8*batch*n bytes read.
struct Args {
  MatrixBatch<const float> x;
  MatrixBatch<const float> y;
  std::span<float> result;
};

using Kernel = kernels::Kernel<Problem, Args>;

/// All variants, in the order in which they are listed and plotted.
std::span<const Kernel> family();

/// The variant of that name, or nullptr.
const Kernel* find(std::string_view name);

}  // namespace crossover::kernels::dot
