#pragma once

#include <span>
#include <string_view>

#include "kernels/core/kernel.h"
#include "kernels/core/matrix.h"
#include "kernels/core/token_ids.h"

namespace crossover::kernels::embedding_gradient {

/// What becomes of the rows of the gradient that no id names.
enum class OtherRows {
  zeroed,  // the whole gradient is overwritten, as for a dense table in PyTorch
  kept,    // they are not touched: the sparse gradient, of the rows that took part
};

/// The size of a call; every extent may be 0 (vocabulary only where tokens is).
struct Problem {
  Index vocabulary = 0;
  Index dim = 0;
  Index tokens = 0;
  OtherRows other_rows = OtherRows::zeroed;
};

/// Computes the gradient of a loss in the rows of a table from that in what was looked up (the
/// backward pass of out[i] = table[ids[i]], a scatter-add):
///   gradient[v] = sum over all i with ids[i] = v of upstream[i],
/// overwriting the rows that ids names; the other rows become 0 or stay as they are. Nothing is
/// added to what was there before, so a call may be repeated; who sums the gradients of several
/// batches adds them. With a scaled lookup the scale is part of upstream.
/// Shapes: upstream [tokens,dim], ids [tokens], gradient [vocabulary,dim]; row-major, strides in
/// elements (MatrixBatch::batch is 1); no alignment is required. Memory between the rows is not
/// touched. Aliasing: gradient overlaps neither upstream nor ids.
/// Every variant but `atomic` adds in the order of i, and so all of them give the same bits, on any
/// number of threads, but for the sign of a zero.
/// Errors: none; call why_unsupported() first. An id outside [0, vocabulary) breaks the contract:
/// run() only asserts; who has ids from elsewhere calls why_ids_invalid() (core/token_ids.h)
/// before. Cost: tokens*dim flops; 4*tokens*dim bytes read, 4*dim bytes written for each row.
struct Args {
  MatrixBatch<const float> upstream;
  std::span<const TokenId> ids;
  MatrixBatch<float> gradient;
  OtherRows other_rows = OtherRows::zeroed;
};

using Kernel = kernels::Kernel<Problem, Args>;

/// All variants, in the order in which they are listed and plotted.
std::span<const Kernel> family();

/// The variant of that name, or nullptr.
const Kernel* find(std::string_view name);

}  // namespace crossover::kernels::embedding_gradient
