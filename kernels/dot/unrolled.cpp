#include <array>
#include <cassert>

#include "kernels/dot/scalar_sums.h"
#include "kernels/dot/variants.h"

// One sum waits for its last addition; eight take turns. What limits it: each instruction adds one
// product.

namespace crossover::kernels::dot {
namespace {

// An addition takes up to four cycles and two start in each.
constexpr Index sums_at_a_time = 8;

void run(const Args& args, const Prepared&, std::span<std::byte>, const ParallelPolicy&) {
  assert(shapes_agree(args));
  parallel_region(ParallelPolicy{}, [&](int, int) { multiply_pairs_unrolled(all_pairs(args)); });
}

}  // namespace

void multiply_pairs_unrolled(const Pairs& p) {
  for (Index b = 0; b < p.pairs; ++b) {
    const float* x = p.x + b * p.x_stride;
    const float* y = p.y + b * p.y_stride;
    std::array<float, sums_at_a_time> sums = {};
    Index i = 0;
    for (; i + sums_at_a_time <= p.n; i += sums_at_a_time) {
      for (std::size_t s = 0; s < sums.size(); ++s) {
        const Index at = i + static_cast<Index>(s);
        sums[s] += x[at] * y[at];
      }
    }
    for (std::size_t s = 0; i < p.n; ++i, ++s) sums[s] += x[i] * y[i];
    p.result[b] =
        ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
  }
}

constinit const Kernel unrolled = {
    .name = "unrolled",
    .source = "textbook loop, eight sums in turn",
    .traits = {Threading::none, Simd::none, Packing::none},
    .why_unsupported = always_supported,
    .prepare = prepare_nothing,
    .workspace_bytes = no_workspace,
    .run = run,
};

}  // namespace crossover::kernels::dot
