#include <cassert>

#include "kernels/dot/pairs.h"
#include "kernels/dot/variants.h"

// The definition as it is written in a textbook. What limits it: each addition waits for the one
// before.

namespace crossover::kernels::dot {
namespace {

void multiply_pairs(const Pairs& p) {
  for (Index b = 0; b < p.pairs; ++b) {
    const float* x = p.x + b * p.x_stride;
    const float* y = p.y + b * p.y_stride;
    float sum = 0;
    for (Index i = 0; i < p.n; ++i) sum += x[i] * y[i];
    p.result[b] = sum;
  }
}

void run(const Args& args, const Prepared&, std::span<std::byte>, const ParallelPolicy&) {
  assert(shapes_agree(args));
  parallel_region(ParallelPolicy{}, [&](int, int) { multiply_pairs(all_pairs(args)); });
}

}  // namespace

constinit const Kernel naive = {
    .name = "naive",
    .source = "textbook loop, one sum",
    .traits = {Threading::none, Simd::none, Packing::none},
    .why_unsupported = always_supported,
    .prepare = prepare_nothing,
    .workspace_bytes = no_workspace,
    .run = run,
};

}  // namespace crossover::kernels::dot
