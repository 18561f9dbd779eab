#pragma once

#include <span>
#include <string_view>

#include "kernels/core/kernel.h"
#include "kernels/core/rows.h"

namespace crossover::kernels::softmax {

/// Every extent may be 0.
struct Problem {
  Index rows = 0;
  Index cols = 0;
};

/// Computes the softmax of each row,
///   y[i,j] = exp(scale * x[i,j]) / sum over l of exp(scale * x[i,l]),
/// from the distance of each element to the largest one of its row, so that nothing overflows.
/// -infinity is a masked entry and gets 0; a row that holds nothing else becomes zeros, and not the
/// NaN of 0/0. A row that holds NaN or +infinity becomes NaN throughout. Weights below exp(-87) of
/// the largest one may become 0.
/// Shapes: x, y [rows, cols]; strides in elements; no alignment is required. Requires: 0 < scale <
/// infinity, and finite distances times scale to be of use. Aliasing: y is x (same pointer, same
/// stride) or does not overlap it. Memory between the rows is not touched. Errors: none. Cost: one
/// exponential per element (`online`: two), 8 bytes of compulsory traffic.
struct Args {
  Rows<const float> x;
  Rows<float> y;
  float scale = 1;
};

using Kernel = kernels::Kernel<Problem, Args>;

/// All variants, in the order in which they are listed and plotted.
std::span<const Kernel> family();

/// The variant of that name, or nullptr.
const Kernel* find(std::string_view name);

}  // namespace crossover::kernels::softmax
