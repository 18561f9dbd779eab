#include <algorithm>
#include <array>
#include <cassert>

#include "kernels/quant/scalar_rows.h"
#include "kernels/quant/variants.h"

// A block of W serves several rows of A while it is in the L1 cache and its scale is converted once
// for them; that is all that blocking can do for loops whose products come one by one.

namespace crossover::kernels::quant {
namespace {

constexpr Index tile_rows = 8;  // of A, whose sums and scales stay near

std::size_t workspace_bytes(const Problem& problem, const ParallelPolicy&) {
  return ScalarRows::bytes(problem.m, problem.k);
}

/// Columns of C below rows [i0, i0 + rows).
void multiply_rows(const Args& args, const ScalarRows& a, Index i0, Index rows) {
  const auto& w = args.w;
  for (Index j = 0; j < args.c.cols; ++j) {
    std::array<float, tile_rows> sums{};
    for (Index b = 0; b < w.cols; ++b) {
      const BlockQ8& block = w.row(0, j)[b];
      const float scale = float_of_half(block.scale);
      for (Index i = 0; i < rows; ++i) {
        const Index at = (i0 + i) * w.cols + b;
        sums[static_cast<std::size_t>(i)] +=
            a.scales[at] * scale *
            static_cast<float>(dot_of_block(a.values + at * block_values, block.values));
      }
    }
    for (Index i = 0; i < rows; ++i) args.c.row(0, i0 + i)[j] = sums[static_cast<std::size_t>(i)];
  }
}

void run(const Args& args, const Prepared&, std::span<std::byte> workspace, const ParallelPolicy&) {
  assert(shapes_agree(args));
  parallel_region(ParallelPolicy{}, [&](int, int) {
    const ScalarRows rows(args.a, workspace);
    for (Index i = 0; i < args.c.rows; i += tile_rows) {
      multiply_rows(args, rows, i, std::min(tile_rows, args.c.rows - i));
    }
  });
}

}  // namespace

constinit const Variant blocked = {
    .kernel = {.name = "blocked",
               .source = "textbook, each block of W for eight rows of A",
               .traits = {Threading::none, Simd::none, Packing::none},
               .why_unsupported = why_unsupported,
               .prepare = prepare_nothing,
               .workspace_bytes = workspace_bytes,
               .run = run},
};

}  // namespace crossover::kernels::quant
