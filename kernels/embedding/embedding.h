#pragma once

#include <span>
#include <string_view>

#include "kernels/core/kernel.h"
#include "kernels/core/matrix.h"
#include "kernels/core/token_ids.h"

namespace crossover::kernels::embedding {

/// The size of a lookup; every extent may be 0 (vocabulary only where tokens is).
struct Problem {
  Index vocabulary = 0;
  Index dim = 0;
  Index tokens = 0;
};

/// Computes out[i] = scale * table[ids[i]] in f32, overwriting out: the first layer of a
/// transformer. With scale = 1 the numbers are the table's own, else each is rounded once.
/// Shapes: table [vocabulary,dim], ids [tokens], out [tokens,dim]; row-major, strides in elements
/// (MatrixBatch::batch is 1); no alignment is required. Memory between the rows is not touched.
/// Aliasing: out overlaps neither table nor ids. Ids may repeat.
/// Errors: none; call why_unsupported() first. An id outside [0, vocabulary) breaks the contract:
/// run() only asserts, since whoever makes the ids (a tokenizer) knows the vocabulary. Who has them
/// from elsewhere calls why_ids_invalid() (core/token_ids.h) before. Cost: 8*tokens*dim bytes,
/// tokens*dim flops.
struct Args {
  MatrixBatch<const float> table;
  std::span<const TokenId> ids;
  MatrixBatch<float> out;
  float scale = 1;  // e.g. the square root of dim, as Gemma's models have it
};

using Kernel = kernels::Kernel<Problem, Args>;

/// All variants, in the order in which they are listed and plotted.
std::span<const Kernel> family();

/// The variant of that name, or nullptr.
const Kernel* find(std::string_view name);

}  // namespace crossover::kernels::embedding
