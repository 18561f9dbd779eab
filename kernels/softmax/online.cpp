#include <cassert>

#include "kernels/softmax/piece.h"
#include "kernels/softmax/variants.h"

// Maximum and sum in a single pass: where a larger element turns up, the sum so far is rescaled to
// it. One pass over memory less than naive, and nothing is written before the end; what it costs is
// a second exponential per element.

namespace crossover::kernels::softmax {
namespace {

Weight weigh_online(const Piece& piece) {
  Weight weight;
  for (Index j = 0; j < piece.cols; ++j) {
    const float x = piece.x[j];
    if (x > weight.max) {
      weight.sum *= rescaled(weight.max, x, piece.scale);
      weight.max = x;
    }
    weight.sum += std::exp((x - weight.max) * piece.scale);
  }
  return weight;
}

void normalise(const Piece& piece, const Weight& weight) {
  const float factor = inverse_of(weight.sum);
  for (Index j = 0; j < piece.cols; ++j) {
    piece.y[j] = std::exp((piece.x[j] - weight.max) * piece.scale) * factor;
  }
}

void run(const Args& args, const Prepared&, std::span<std::byte>, const ParallelPolicy&) {
  assert(is_valid(args));
  parallel_region(ParallelPolicy{}, [&](int, int) {
    for (Index i = 0; i < args.x.rows; ++i) {
      const Piece row = piece_of(args, i, 0, args.x.cols);
      normalise(row, weigh_online(row));
    }
  });
}

}  // namespace

constinit const Kernel online = {
    .name = "online",
    .source = "Milakov & Gimelshein, arXiv:1805.02867, 2018",
    .traits = {Threading::none, Simd::none, Packing::none},
    .why_unsupported = always_supported,
    .prepare = prepare_nothing,
    .workspace_bytes = no_workspace,
    .run = run,
};

}  // namespace crossover::kernels::softmax
