#include <algorithm>
#include <array>
#include <cassert>

#include "kernels/matmul/scalar_tile.h"
#include "kernels/matmul/variants.h"

// register_tile reads its operands where they lie, in rows that are far apart: pages and cache sets
// run out before the cache is full, and blocks must be small. Here a block of A and one of B are
// first copied into panels as narrow as the tile, in the very order in which it reads them; a copy
// is used for hundreds of multiplications, so that blocks may be as large as the caches. What
// limits it next: an instruction multiplies one pair of numbers, where a vector unit takes 4 to 16.

namespace crossover::kernels::matmul {
namespace {

// A panel of B is 4 KiB and one of A 2 KiB: the first stays in L1 while those of A pass by. C is
// loaded and stored once for so many multiplications, which costs less than 1% of their time.
constexpr Index block_depth = 256;

// A block of A is 96 KiB, less than half of the smallest L2 (256 KiB), and is read again for every
// panel of B.
constexpr Index block_rows = 96;
static_assert(block_rows % tile_rows == 0);

// A block of B is 1 MiB: it lies in L3, and its copy is used for all rows of A.
constexpr Index block_cols = 1024;
static_assert(block_cols % tile_cols == 0);

struct Sizes {
  Index depth = 0;
  Index rows = 0;
  Index cols = 0;

  Sizes(Index m, Index n, Index k)
      : depth(std::min(block_depth, k)),
        rows(std::min(block_rows, round_up(m, tile_rows))),
        cols(std::min(block_cols, round_up(n, tile_cols))) {}

  Index packed_a() const { return round_up(rows * depth, 16); }  // B starts with a cache line
  Index packed_b() const { return cols * depth; }
};

// Copies values(i, p), i < count, p < depth, into panels [depth, width] one after the other. The
// last one is filled up with zeros, so that there is one inner loop for all.
template <Index width, class Values>
void pack(const Values& values, Index count, Index depth, float* packed) {
  for (Index i0 = 0; i0 < count; i0 += width) {
    const Index used = std::min(width, count - i0);
    for (Index p = 0; p < depth; ++p) {
      for (Index i = 0; i < used; ++i) packed[i] = values(i0 + i, p);
      for (Index i = used; i < width; ++i) packed[i] = 0;
      packed += width;
    }
  }
}

// Adds a panel of A [depth, tile_rows] times a panel of B [depth, tile_cols] to C [rows, cols].
void add_panels(const float* a, const float* b, Index depth, float* c, Index c_stride, Index rows,
                Index cols) {
  const auto a_at = [a](Index i, Index p) { return a[p * tile_rows + i]; };
  const auto b_at = [b](Index p, Index j) { return b[p * tile_cols + j]; };
  if (rows == tile_rows && cols == tile_cols) {
    add_tile<tile_rows, tile_cols>(depth, a_at, b_at, c, c_stride);
    return;
  }
  std::array<float, tile_rows* tile_cols> whole = {};
  add_tile<tile_rows, tile_cols>(depth, a_at, b_at, whole.data(), tile_cols);
  for (Index i = 0; i < rows; ++i) {
    for (Index j = 0; j < cols; ++j) c[i * c_stride + j] += whole[i * tile_cols + j];
  }
}

// Adds packed A [rows, depth] times packed B [depth, cols] to C [rows, cols].
void add_block(const float* a, const float* b, Index depth, const MatrixBatch<float>& c) {
  for (Index j = 0; j < c.cols; j += tile_cols) {
    for (Index i = 0; i < c.rows; i += tile_rows) {
      add_panels(a + i * depth, b + j * depth, depth, c.row(0, i) + j, c.row_stride,
                 std::min(tile_rows, c.rows - i), std::min(tile_cols, c.cols - j));
    }
  }
}

void pack_b(const Args& args, Index element, Range depths, Range cols, float* packed) {
  const Index stride = args.b.row_stride;
  if (args.layout == Layout::abt) {
    const float* bt = args.b.row(element, cols.begin) + depths.begin;
    const auto at = [=](Index j, Index p) { return bt[j * stride + p]; };
    pack<tile_cols>(at, cols.size(), depths.size(), packed);
  } else {
    const float* b = args.b.row(element, depths.begin) + cols.begin;
    const auto at = [=](Index j, Index p) { return b[p * stride + j]; };
    pack<tile_cols>(at, cols.size(), depths.size(), packed);
  }
}

void multiply(const Args& args, Index element, const Sizes& sizes, float* packed_a,
              float* packed_b) {
  const auto& [a, b, c, layout] = args;
  for (Index i = 0; i < c.rows; ++i) std::fill_n(c.row(element, i), c.cols, 0.0F);
  for (Index j0 = 0; j0 < c.cols; j0 += block_cols) {
    const Range cols = {j0, std::min(j0 + block_cols, c.cols)};
    for (Index p0 = 0; p0 < a.cols; p0 += sizes.depth) {
      const Range depths = {p0, std::min(p0 + sizes.depth, a.cols)};
      pack_b(args, element, depths, cols, packed_b);
      for (Index i0 = 0; i0 < c.rows; i0 += block_rows) {
        const Index rows = std::min(block_rows, c.rows - i0);
        const float* a_block = a.row(element, i0) + p0;
        const Index a_stride = a.row_stride;
        const auto a_at = [=](Index i, Index p) { return a_block[i * a_stride + p]; };
        pack<tile_rows>(a_at, rows, depths.size(), packed_a);
        add_block(packed_a, packed_b, depths.size(),
                  c.matrices(element, 1).block(i0, j0, rows, cols.size()));
      }
    }
  }
}

std::size_t workspace_bytes(const Problem& problem, const ParallelPolicy&) {
  const Sizes sizes(problem.m, problem.n, problem.k);
  return static_cast<std::size_t>(sizes.packed_a() + sizes.packed_b()) * sizeof(float);
}

void run(const Args& args, const Prepared&, std::span<std::byte> workspace, const ParallelPolicy&) {
  assert(shapes_agree(args));
  const Sizes sizes(args.c.rows, args.c.cols, args.a.cols);
  auto* packed_a = reinterpret_cast<float*>(workspace.data());
  parallel_region(ParallelPolicy{}, [&](int, int) {
    for (Index element = 0; element < args.c.batch; ++element) {
      multiply(args, element, sizes, packed_a, packed_a + sizes.packed_a());
    }
  });
}

}  // namespace

constinit const Kernel packed = {
    .name = "packed",
    .source = "Goto & van de Geijn, ACM TOMS 34(3), 2008",
    .traits = {Threading::none, Simd::none, Packing::per_call},
    .why_unsupported = always_supported,
    .prepare = prepare_nothing,
    .workspace_bytes = workspace_bytes,
    .run = run,
};

}  // namespace crossover::kernels::matmul
