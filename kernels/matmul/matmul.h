#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "kernels/core/kernel.h"
#include "kernels/core/matrix.h"

namespace crossover::kernels::matmul {

/// The size of a product; every extent may be 0.
struct Problem {
  Index batch = 1;
  Index m = 0;
  Index n = 0;
  Index k = 0;
};

/// Computes C[b] = A[b] * B[b] for each batch element b in f32, overwriting C (k = 0 gives zeros).
/// Shapes: A [m,k], B [k,n], C [m,n]; row-major, strides in elements; no alignment is required.
/// Aliasing: C overlaps neither A nor B; A and B may overlap. Memory between the rows is not
/// touched. Errors: none; call why_unsupported() first. Cost: 2*batch*m*n*k flops.
struct Args {
  MatrixBatch<const float> a;
  MatrixBatch<const float> b;
  MatrixBatch<float> c;
};

using Kernel = kernels::Kernel<Problem, Args>;

/// All variants, in the order in which they are listed and plotted.
std::span<const Kernel> family();

/// The variant of that name, or nullptr.
const Kernel* find(std::string_view name);

}  // namespace crossover::kernels::matmul
