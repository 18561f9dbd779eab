#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "kernels/core/kernel.h"
#include "kernels/core/matrix.h"

namespace crossover::kernels::matmul {

struct DispatchPolicy;

/// What the rows of the second operand in memory are.
enum class Layout {
  ab,   // rows of B: [k,n]
  abt,  // rows of B's transpose: [n,k], as the weights of a layer lie, one row per output
};

/// The size of a product; every extent may be 0.
struct Problem {
  Index batch = 1;
  Index m = 0;
  Index n = 0;
  Index k = 0;
  Layout layout = Layout::ab;
};

/// Computes C[b] = A[b] * B[b] for each batch element b in f32, overwriting C (k = 0 gives zeros).
/// Shapes: A [m,k], C [m,n], and b [k,n], or [n,k] with Layout::abt; row-major, strides in
/// elements; no alignment is required. Aliasing: C overlaps neither A nor B; A and B may overlap.
/// Memory between the rows is not touched. Errors: none; call why_unsupported() first. Cost:
/// 2*batch*m*n*k flops.
struct Args {
  MatrixBatch<const float> a;
  MatrixBatch<const float> b;
  MatrixBatch<float> c;
  Layout layout = Layout::ab;
};

/// What is known before the first call, and the same in every one.
struct Constants {
  MatrixBatch<const float> b;  // Args::b. Variants with Packing::prepacked copy it in prepare() and
                               // read the copy, in calls with up to Problem::m rows of A; the
                               // others read it in run() alone
  const DispatchPolicy* policy = nullptr;  // what the variant `auto` needs; must outlive what it
                                           // prepares
};

using Kernel = kernels::Kernel<Problem, Args, Constants>;

/// All variants, in the order in which they are listed and plotted.
std::span<const Kernel> family();

/// The variant of that name, or nullptr.
const Kernel* find(std::string_view name);

}  // namespace crossover::kernels::matmul
