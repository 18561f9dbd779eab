#pragma once

#include <span>
#include <string_view>

#include "kernels/core/kernel.h"
#include "kernels/core/matrix.h"

namespace crossover::kernels::matvec {

/// The size of a product; both extents may be 0.
struct Problem {
  Index m = 0;
  Index n = 0;
};

/// Computes y[i] = sum over j of a[i,j] * x[j] in f32, overwriting y (n = 0 gives zeros): a layer
/// in decoding, where every weight is read once for one token. Shapes: a [m,n], row-major, strides
/// in elements (MatrixBatch::batch is 1); x [n], y [m]; no alignment is required. Memory between
/// the rows is not touched. Aliasing: y overlaps neither a nor x. The order of the sums is the
/// variant's, and with Threading::openmp it depends on the number of threads, not on their timing.
/// Errors: none; call why_unsupported() first. Cost: 2*m*n flops, 4*m*n bytes read.
struct Args {
  MatrixBatch<const float> a;
  std::span<const float> x;
  std::span<float> y;
};

using Kernel = kernels::Kernel<Problem, Args>;

/// All variants, in the order in which they are listed and plotted.
std::span<const Kernel> family();

/// The variant of that name, or nullptr.
const Kernel* find(std::string_view name);

}  // namespace crossover::kernels::matvec
