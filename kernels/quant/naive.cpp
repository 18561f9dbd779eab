#include <cassert>

#include "kernels/quant/scalar_rows.h"
#include "kernels/quant/variants.h"

// The definition as it is written: every element of C is a sum over blocks. What limits it: one
// product after the other, a scale to convert for every 32 of them, and W is read once per row of
// A.

namespace crossover::kernels::quant {
namespace {

std::size_t workspace_bytes(const Problem& problem, const ParallelPolicy&) {
  return ScalarRows::bytes(problem.m, problem.k);
}

void run(const Args& args, const Prepared&, std::span<std::byte> workspace, const ParallelPolicy&) {
  assert(shapes_agree(args));
  parallel_region(ParallelPolicy{}, [&](int, int) {
    const auto& [a, w, c] = args;
    const ScalarRows rows(a, workspace);
    for (Index i = 0; i < c.rows; ++i) {
      for (Index j = 0; j < c.cols; ++j) {
        float sum = 0;
        for (Index b = 0; b < w.cols; ++b) {
          const BlockQ8& block = w.row(0, j)[b];
          const Index at = i * w.cols + b;
          sum += rows.scales[at] * float_of_half(block.scale) *
                 static_cast<float>(dot_of_block(rows.values + at * block_values, block.values));
        }
        c.row(0, i)[j] = sum;
      }
    }
  });
}

}  // namespace

constinit const Variant naive = {
    .kernel = {.name = "naive",
               .source = "textbook i-j-b loops over blocks",
               .traits = {Threading::none, Simd::none, Packing::none},
               .why_unsupported = why_unsupported,
               .prepare = prepare_nothing,
               .workspace_bytes = workspace_bytes,
               .run = run},
};

}  // namespace crossover::kernels::quant
