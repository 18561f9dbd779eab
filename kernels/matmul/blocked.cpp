#include "kernels/matmul/blocked.h"

#include <algorithm>
#include <cassert>

#include "kernels/matmul/variants.h"

// loop_order fetches all of B again for every row of C. Here the loops stay inside of tiles that
// fit L1, and a tile of B is used for all rows of a tile of A before it leaves. That pays where B
// does not fit the cache from which a core can be fed; what limits it next, and everywhere else:
// for every multiplication a number of C is loaded and stored.

namespace crossover::kernels::matmul {
namespace {

// Three 64 x 64 float tiles are 48 KiB: a whole L1 where it has 48 KiB. Where it has 32 KiB, the
// tile of B, which every row of the tile of A reads again, still takes only half of it.
constexpr Index tile = 64;

// Adds A[i, p] * B[p, j] for the p and j of one tile of B. The row of C stays in L1 meanwhile.
void add_row(const float* a_row,              // [depth]
             const float* b, Index b_stride,  // [depth, cols]
             float* c_row,                    // [cols]
             Index depth, Index cols) {
  for (Index p = 0; p < depth; ++p) {
    const float factor = a_row[p];
    const float* b_row = b + p * b_stride;
    for (Index j = 0; j < cols; ++j) c_row[j] += factor * b_row[j];
  }
}

// The same with a tile of B's transpose: dot products along its rows.
void add_dots(const float* a_row, const float* bt, Index bt_stride, float* c_row, Index depth,
              Index cols) {
  for (Index j = 0; j < cols; ++j) {
    const float* bt_row = bt + j * bt_stride;
    float sum = 0;
    for (Index p = 0; p < depth; ++p) sum += a_row[p] * bt_row[p];
    c_row[j] += sum;
  }
}

void multiply(const Args& args, Index element) {
  const auto& [a, b, c, layout] = args;
  for (Index i = 0; i < c.rows; ++i) std::fill_n(c.row(element, i), c.cols, 0.0F);
  for (Index i0 = 0; i0 < c.rows; i0 += tile) {
    const Index i_end = std::min(i0 + tile, c.rows);
    for (Index p0 = 0; p0 < a.cols; p0 += tile) {
      const Index depth = std::min(tile, a.cols - p0);
      for (Index j0 = 0; j0 < c.cols; j0 += tile) {
        const Index cols = std::min(tile, c.cols - j0);
        for (Index i = i0; i < i_end; ++i) {
          const float* a_row = a.row(element, i) + p0;
          float* c_row = c.row(element, i) + j0;
          if (layout == Layout::abt) {
            add_dots(a_row, b.row(element, j0) + p0, b.row_stride, c_row, depth, cols);
          } else {
            add_row(a_row, b.row(element, p0) + j0, b.row_stride, c_row, depth, cols);
          }
        }
      }
    }
  }
}

void run(const Args& args, const Prepared&, std::span<std::byte>, const ParallelPolicy&) {
  parallel_region(ParallelPolicy{}, [&](int, int) { multiply_blocked(args); });
}

}  // namespace

void multiply_blocked(const Args& args) {
  assert(shapes_agree(args));
  for (Index element = 0; element < args.c.batch; ++element) {
    multiply(args, element);
  }
}

constinit const Kernel blocked = {
    .name = "blocked",
    .source = "textbook loop tiling; Wolf & Lam, PLDI 1991",
    .traits = {Threading::none, Simd::none, Packing::none},
    .why_unsupported = always_supported,
    .prepare = prepare_nothing,
    .workspace_bytes = no_workspace,
    .run = run,
};

}  // namespace crossover::kernels::matmul
