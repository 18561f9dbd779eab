#include "kernels/matmul/simd_loops.h"

#include <algorithm>
#include <cassert>
#include <cstdlib>

#include "kernels/core/cpu_caches.h"
#include "kernels/core/partition.h"
#include "kernels/matmul/simd_streams.h"
#include "kernels/matmul/variants.h"

namespace crossover::kernels::matmul {
namespace {

constexpr Index float_bytes = sizeof(float);
constexpr Index line_bytes = 64;    // a cache line, and an AVX-512 vector
constexpr Index page_bytes = 4096;  // also the size of a way of L1

// A deeper block would save less than 1% (loads and stores of C) and use more of L1.
constexpr Index most_depth = 512;

// Copying B costs 4% of a product of 128 rows and 1% of one of 512; reading awkward rows of it in
// place costs 3% to 7% once B has left L2.
constexpr Index rows_that_pay_for_copies = 384;

// A's rows and the sums of dot products must stay near.
const Index rows_that_pay_for_transposing = getenv("KB_T") ? atoi(getenv("KB_T")) : 32;
const Index most_streamed_rows = getenv("KB_S") ? atoi(getenv("KB_S")) : 8;

// From here on A and B are copied whatever their strides: both and C have left L2 for good.
constexpr Index extent_that_pays_for_copies = 1024;

// The largest block up to `limit` that cuts `extent` into equal ones, so that none is a rest too
// small to pay for its loads and stores of C.
Index even_block(Index extent, Index limit, Index granule) {
  if (extent <= 0) return granule;
  const Index blocks = ceil_div(extent, std::max(limit, granule));
  return round_up(ceil_div(extent, blocks), granule);
}

// Rows whole pages apart lie on the same sets of L1 and crowd into a few of L2.
bool rows_collide(Index row_stride) { return row_stride * float_bytes % page_bytes == 0; }

Index panels_bytes(const TileKernels& tiles, Index cols, Index depth) {
  return round_up(ceil_div(cols, tiles.cols) * tiles.cols * depth * float_bytes, line_bytes);
}

Index packed_a_bytes(const Blocking& blocking) {
  if (blocking.path != Path::packed) return 0;
  return round_up(blocking.rows * blocking.depth * float_bytes, line_bytes);
}

Index packed_b_bytes(const TileKernels& tiles, const Blocking& blocking) {
  if (blocking.path != Path::packed && !blocking.pack_b) return 0;
  return panels_bytes(tiles, blocking.cols, blocking.depth);
}

// One element of the batch, and what is the same for all of its blocks.
struct Product {
  const TileKernels& tiles;
  const Blocking& blocking;
  const Args& args;
  Index element;
  float* packed_a;
  float* packed_b;

  // C[:, j0 : j0 + cols] (+)= A[:, p0 : p0 + depth] * B[p0 : p0 + depth, j0 : j0 + cols]
  void multiply_block(Index p0, Index depth, Index j0, Index cols) const {
    Strip strip;
    strip.depth = depth;
    strip.cols = cols;
    strip.accumulate = p0 > 0;
    strip.c = args.c.matrix(element) + j0;
    strip.c_stride = args.c.row_stride;
    if (blocking.path == Path::packed || blocking.pack_b) {
      pack_b(p0, depth, j0, cols);
      strip.b = packed_b;
      strip.b_stride = tiles.cols;
      strip.b_panel_stride = depth * tiles.cols;
    } else {
      strip.b = args.b.row(element, p0) + j0;
      strip.b_stride = args.b.row_stride;
      strip.b_panel_stride = tiles.cols;
    }
    if (blocking.path == Path::packed) return multiply_packed(strip, p0);
    strip.a = args.a.matrix(element) + p0;
    strip.a_stride = args.a.row_stride;
    strip.rows = args.c.rows;
    tiles.multiply(strip);
  }

  void pack_b(Index p0, Index depth, Index j0, Index cols) const {
    if (args.layout == Layout::abt) {
      tiles.pack_bt(args.b.row(element, j0) + p0, args.b.row_stride, depth, cols, packed_b);
    } else {
      tiles.pack_b(args.b.row(element, p0) + j0, args.b.row_stride, depth, cols, packed_b);
    }
  }

  // A panel of B stays in L1 while the strips of a block of A, which stays in L2, pass by it.
  void multiply_packed(const Strip& block, Index p0) const {
    Strip tile = block;
    tile.a_is_packed = true;
    for (Index i0 = 0; i0 < args.c.rows; i0 += blocking.rows) {
      const Index rows = std::min(blocking.rows, args.c.rows - i0);
      const Index strips = ceil_div(rows, tiles.rows);
      for (Index s = 0; s < strips; ++s) {
        const Range strip = share(rows, strips, s);
        tiles.pack_a(args.a.row(element, i0 + strip.begin) + p0, args.a.row_stride, strip.size(),
                     block.depth, packed_a + strip.begin * block.depth);
      }
      for (Index j = 0; j < block.cols; j += tiles.cols) {
        tile.cols = std::min(tiles.cols, block.cols - j);
        tile.b = block.b + j * block.depth;
        for (Index s = 0; s < strips; ++s) {
          const Range strip = share(rows, strips, s);
          tile.rows = strip.size();
          tile.a = packed_a + strip.begin * block.depth;
          tile.c = block.c + (i0 + strip.begin) * block.c_stride + j;
          tiles.multiply(tile);
        }
      }
    }
  }
};

// The paths without blocks: one call goes through the operands as they lie.
void multiply_whole(const TileKernels& tiles, Path path, const Args& args, Index element) {
  const Strip strip = {.a = args.a.matrix(element),
                       .a_stride = args.a.row_stride,
                       .b = args.b.matrix(element),
                       .b_stride = args.b.row_stride,
                       .b_panel_stride = tiles.cols,
                       .c = args.c.matrix(element),
                       .c_stride = args.c.row_stride,
                       .rows = args.c.rows,
                       .cols = args.c.cols,
                       .depth = args.a.cols};
  if (path == Path::whole) return tiles.multiply(strip);
  const StreamKernels& streams = stream_kernels();
  (path == Path::stream ? streams.multiply_rows : streams.multiply_dots)(strip);
}

}  // namespace

std::string_view to_string(Path path) {
  switch (path) {
    case Path::whole:
      return "whole";
    case Path::blocks:
      return "blocks";
    case Path::packed:
      return "packed";
  }
  return "";
}

Blocking choose_blocking(const TileKernels& tiles, const Problem& problem) {
  const CpuCaches& caches = cpu_caches();
  const Index usable_l1 = static_cast<Index>(caches.level1) * 3 / 4;
  const Index usable_l2 = static_cast<Index>(caches.level2) * 3 / 4;
  const Index usable_l3 = static_cast<Index>(caches.level3) / 2;
  const auto& [batch, m, n, k, layout] = problem;
  const bool near = n * k * float_bytes <= usable_l2;
  Blocking blocking;
  if (layout == Layout::abt && m <= rows_that_pay_for_transposing) {
    blocking.path = Path::dots;
    return blocking;
  }
  if (!near && m <= most_streamed_rows) {
    blocking.path = Path::stream;
    return blocking;
  }
  blocking.depth = even_block(k, std::min(most_depth, usable_l1 / (tiles.rows * float_bytes)), 1);
  blocking.rows = even_block(m, usable_l2 / (blocking.depth * float_bytes), tiles.rows);
  if (!near && m >= rows_that_pay_for_copies &&
      (rows_collide(n) || rows_collide(k) || std::min({m, n, k}) >= extent_that_pays_for_copies)) {
    blocking.path = Path::packed;
    blocking.cols = even_block(n, usable_l3 / (blocking.depth * float_bytes), tiles.cols);
    return blocking;
  }
  const bool misaligned = n % tiles.lanes != 0;
  blocking.cols = even_block(n, usable_l2 / (blocking.depth * float_bytes), tiles.cols);
  blocking.pack_b = layout == Layout::abt || (misaligned && !tiles.masked_memory) ||
                    (misaligned && !near && m >= rows_that_pay_for_copies);
  const bool one_block = blocking.depth >= k && blocking.cols >= n && !blocking.pack_b;
  blocking.path = one_block ? Path::whole : Path::blocks;
  return blocking;
}

std::size_t block_workspace_bytes(const TileKernels& tiles, const Blocking& blocking) {
  return static_cast<std::size_t>(packed_a_bytes(blocking) + packed_b_bytes(tiles, blocking));
}

void multiply_blocks(const TileKernels& tiles, const Blocking& blocking, const Args& args,
                     std::span<std::byte> workspace) {
  assert(workspace.size() >= block_workspace_bytes(tiles, blocking));
  assert(shapes_agree(args));
  const Index n = args.c.cols;
  const Index k = args.a.cols;
  if (args.c.rows == 0 || n == 0) return;
  auto* packed_a = reinterpret_cast<float*>(workspace.data());
  auto* packed_b = reinterpret_cast<float*>(workspace.data() + packed_a_bytes(blocking));
  for (Index element = 0; element < args.c.batch; ++element) {
    if (blocking.path != Path::packed && blocking.path != Path::blocks) {
      multiply_whole(tiles, blocking.path, args, element);
      continue;
    }
    const Index depth_blocks = std::max<Index>(1, ceil_div(k, blocking.depth));  // k = 0 clears C
    const Product product{tiles, blocking, args, element, packed_a, packed_b};
    for (Index j0 = 0; j0 < n; j0 += blocking.cols) {
      for (Index block = 0; block < depth_blocks; ++block) {
        const Index p0 = block * blocking.depth;
        product.multiply_block(p0, std::min(blocking.depth, k - p0), j0,
                               std::min(blocking.cols, n - j0));
      }
    }
  }
}

}  // namespace crossover::kernels::matmul
