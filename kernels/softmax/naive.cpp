#include "kernels/softmax/naive.h"

#include <algorithm>
#include <cassert>

#include "kernels/softmax/variants.h"

// Three passes over each row, as in a textbook: the largest element, the exponentials and their
// sum, the division. What limits it: one call of std::exp per element.

namespace crossover::kernels::softmax {

Weight weigh(const Piece& piece) {
  Weight weight;
  for (Index j = 0; j < piece.cols; ++j) weight.max = std::max(weight.max, piece.x[j]);
  for (Index j = 0; j < piece.cols; ++j) {
    const float power = std::exp((piece.x[j] - weight.max) * piece.scale);
    piece.y[j] = power;
    weight.sum += power;
  }
  return weight;
}

void multiply(const Piece& piece, float factor) {
  for (Index j = 0; j < piece.cols; ++j) piece.y[j] *= factor;
}

namespace {

void run(const Args& args, const Prepared&, std::span<std::byte>, const ParallelPolicy&) {
  assert(is_valid(args));
  parallel_region(ParallelPolicy{}, [&](int, int) {
    for (Index i = 0; i < args.x.rows; ++i) {
      const Piece row = piece_of(args, i, 0, args.x.cols);
      multiply(row, inverse_of(weigh(row).sum));
    }
  });
}

}  // namespace

constinit const Kernel naive = {
    .name = "naive",
    .source = "textbook: maximum, exponentials, division",
    .traits = {Threading::none, Simd::none, Packing::none},
    .why_unsupported = always_supported,
    .prepare = prepare_nothing,
    .workspace_bytes = no_workspace,
    .run = run,
};

}  // namespace crossover::kernels::softmax
