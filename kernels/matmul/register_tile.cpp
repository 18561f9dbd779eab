#include <algorithm>
#include <cassert>

#include "kernels/matmul/scalar_tile.h"
#include "kernels/matmul/variants.h"

// blocked keeps its operands in L1, but loads and stores a number of C for every multiplication,
// and each addition waits for the store of the one before. Here a small tile of C is summed up in
// registers over the depth of a block, and each number that is loaded from A or B is used for a
// whole column or row of that tile. What limits it next: the rows of a block lie as far apart as
// the matrix is wide, on a page each and, where that is a power of two, on the same few sets of L1.

namespace crossover::kernels::matmul {
namespace {

// The blocks of `blocked`, so that the difference is the registers alone.
constexpr Index block = 64;

struct Block {
  const float* a = nullptr;  // [rows, depth]
  Index a_stride = 0;
  const float* b = nullptr;  // [depth, cols], or its transpose
  Index b_stride = 0;
  float* c = nullptr;  // [rows, cols]
  Index c_stride = 0;
  Index rows = 0;
  Index cols = 0;
  Index depth = 0;
};

template <Layout layout, int rows, int cols>
void add_at(const Block& block, Index i0, Index j0) {
  // By value: what the compiler must suspect to change, it would load again for every product.
  const float* const a = block.a + i0 * block.a_stride;
  const float* const b = block.b + (layout == Layout::abt ? j0 * block.b_stride : j0);
  const Index a_stride = block.a_stride;
  const Index b_stride = block.b_stride;
  add_tile<rows, cols>(
      block.depth, [=](Index i, Index p) { return a[i * a_stride + p]; },
      [=](Index p, Index j) {
        return layout == Layout::abt ? b[j * b_stride + p] : b[p * b_stride + j];
      },
      block.c + i0 * block.c_stride + j0, block.c_stride);
}

template <Layout layout>
void add_block(const Block& block) {
  const Index full_rows = block.rows / tile_rows * tile_rows;
  const Index full_cols = block.cols / tile_cols * tile_cols;
  for (Index i = 0; i < full_rows; i += tile_rows) {
    for (Index j = 0; j < full_cols; j += tile_cols) {
      add_at<layout, tile_rows, tile_cols>(block, i, j);
    }
    for (Index j = full_cols; j < block.cols; ++j) add_at<layout, tile_rows, 1>(block, i, j);
  }
  for (Index i = full_rows; i < block.rows; ++i) {
    for (Index j = 0; j < full_cols; j += tile_cols) add_at<layout, 1, tile_cols>(block, i, j);
    for (Index j = full_cols; j < block.cols; ++j) add_at<layout, 1, 1>(block, i, j);
  }
}

template <Layout layout>
void multiply(const Args& args, Index element) {
  const auto& [a, b, c, unused] = args;
  for (Index i = 0; i < c.rows; ++i) std::fill_n(c.row(element, i), c.cols, 0.0F);
  for (Index i0 = 0; i0 < c.rows; i0 += block) {
    for (Index p0 = 0; p0 < a.cols; p0 += block) {
      for (Index j0 = 0; j0 < c.cols; j0 += block) {
        const float* b_block =
            layout == Layout::abt ? b.row(element, j0) + p0 : b.row(element, p0) + j0;
        add_block<layout>({a.row(element, i0) + p0, a.row_stride, b_block, b.row_stride,
                           c.row(element, i0) + j0, c.row_stride, std::min(block, c.rows - i0),
                           std::min(block, c.cols - j0), std::min(block, a.cols - p0)});
      }
    }
  }
}

void run(const Args& args, const Prepared&, std::span<std::byte>, const ParallelPolicy&) {
  assert(shapes_agree(args));
  auto* const product = args.layout == Layout::abt ? multiply<Layout::abt> : multiply<Layout::ab>;
  parallel_region(ParallelPolicy{}, [&](int, int) {
    for (Index element = 0; element < args.c.batch; ++element) product(args, element);
  });
}

}  // namespace

constinit const Kernel register_tile = {
    .name = "register_tile",
    .source = "register blocking; Lam, Rothberg & Wolf, ASPLOS 1991",
    .traits = {Threading::none, Simd::none, Packing::none},
    .why_unsupported = always_supported,
    .prepare = prepare_nothing,
    .workspace_bytes = no_workspace,
    .run = run,
};

}  // namespace crossover::kernels::matmul
