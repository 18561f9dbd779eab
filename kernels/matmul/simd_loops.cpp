#include "kernels/matmul/simd_loops.h"

#include <algorithm>
#include <cassert>
#include <cstdint>

#include "kernels/core/cpu_caches.h"
#include "kernels/core/partition.h"
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

// Panels narrower than two lines, which prefetchers fetch together, are read badly in place from
// beyond a quarter of L2 on: AVX2 gains 8% at k = n = 768 from packing with 32 rows and loses 10%
// with 16.
constexpr Index rows_that_pay_for_narrow_panels = 32;

// The largest block up to `limit` that cuts `extent` into equal ones, so that none is a rest too
// small to pay for its loads and stores of C.
Index even_block(Index extent, Index limit, Index granule) {
  if (extent <= 0) return granule;
  const Index blocks = ceil_div(extent, std::max(limit, granule));
  return round_up(ceil_div(extent, blocks), granule);
}

Index packed_a_bytes(const TileKernels& tiles, const Blocking& blocking) {
  if (!blocking.pack_awkward) return 0;
  return round_up(tiles.rows * blocking.depth * float_bytes, line_bytes);
}

Index packed_b_bytes(const TileKernels& tiles, const Blocking& blocking) {
  if (!blocking.pack_b && !blocking.pack_awkward && tiles.masked_memory) return 0;
  const Index panels = ceil_div(blocking.cols, tiles.cols);
  return round_up(panels * tiles.cols * blocking.depth * float_bytes, line_bytes);
}

// Rows whole pages apart lie on the same sets of L1 and crowd into a few of L2.
bool rows_collide(Index row_stride) { return row_stride * float_bytes % page_bytes == 0; }

// The rows of a strip of A are read side by side, which L1 (8 ways, some of which B passes through)
// allows only so many of that collide. Copied rows follow one another densely.
bool a_is_awkward(const Strip& strip) {
  constexpr Index usable_ways = 6;
  return strip.rows > usable_ways && rows_collide(strip.a_stride);
}

// Rows of B that do not start with a line make nearly every load touch two.
bool b_is_awkward(const Strip& strip) {
  const bool aligned = reinterpret_cast<std::uintptr_t>(strip.b) % line_bytes == 0 &&
                       strip.b_stride * float_bytes % line_bytes == 0;
  return !aligned || rows_collide(strip.b_stride);
}

void pack_a(Strip& strip, float* packed) {
  for (Index i = 0; i < strip.rows; ++i) {
    std::copy_n(strip.a + i * strip.a_stride, strip.depth, packed + i * strip.depth);
  }
  strip.a = packed;
  strip.a_stride = strip.depth;
}

void pack_b(const TileKernels& tiles, Strip& strip, float* packed) {
  tiles.pack_b(strip.b, strip.b_stride, strip.depth, strip.cols, packed);
  strip.b = packed;
  strip.b_stride = tiles.cols;
  strip.b_panel_stride = strip.depth * tiles.cols;
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
    if (args.layout == Layout::abt) {
      pack_transposed(strip, args.b.row(element, j0) + p0);
    } else {
      strip.b = args.b.row(element, p0) + j0;
      strip.b_stride = args.b.row_stride;
      strip.b_panel_stride = tiles.cols;
      if (needs_packed_b(strip)) pack_b(tiles, strip, packed_b);
    }
    // Strips of equal height: the last one would otherwise have too few accumulators to hide the
    // latency of an addition.
    const Index m = args.c.rows;
    const Index strips = ceil_div(m, tiles.rows);
    const Index taller_strips = m - m / strips * strips;
    for (Index i = 0, s = 0; i < m; i += strip.rows, ++s) {
      strip.rows = m / strips + (s < taller_strips);
      strip.a = args.a.row(element, i) + p0;
      strip.a_stride = args.a.row_stride;
      if (blocking.pack_awkward && a_is_awkward(strip)) pack_a(strip, packed_a);
      strip.c = args.c.row(element, i) + j0;
      strip.c_stride = args.c.row_stride;
      tiles.multiply(strip);
    }
  }

  void pack_transposed(Strip& strip, const float* bt) const {
    for (Index j = 0; j < round_up(strip.cols, tiles.lanes); ++j) {
      float* column = packed_b + j / tiles.cols * tiles.cols * strip.depth + j % tiles.cols;
      for (Index p = 0; p < strip.depth; ++p) {
        column[p * tiles.cols] = j < strip.cols ? bt[j * args.b.row_stride + p] : 0;
      }
    }
    strip.b = packed_b;
    strip.b_stride = tiles.cols;
    strip.b_panel_stride = strip.depth * tiles.cols;
  }

  bool needs_packed_b(const Strip& strip) const {
    const bool ends_inside_vector = !tiles.masked_memory && strip.cols % tiles.lanes != 0;
    return blocking.pack_b || ends_inside_vector || (blocking.pack_awkward && b_is_awkward(strip));
  }
};

}  // namespace

Blocking choose_blocking(const TileKernels& tiles, Index m, Index n, Index k, Layout layout) {
  const CpuCaches& caches = cpu_caches();
  const Index usable_l1 = static_cast<Index>(caches.level1) * 3 / 4;
  const Index usable_l2 = static_cast<Index>(caches.level2) * 3 / 4;
  Blocking blocking;
  blocking.depth = even_block(k, std::min(most_depth, usable_l1 / (tiles.rows * float_bytes)), 1);
  blocking.cols = even_block(n, usable_l2 / (blocking.depth * float_bytes), tiles.cols);

  const Index b_bytes = n * k * float_bytes;
  const bool narrow = tiles.cols * float_bytes < 2 * line_bytes;
  blocking.pack_b = layout == Layout::abt;
  blocking.pack_b |= narrow && b_bytes > usable_l2 / 4 && m >= rows_that_pay_for_narrow_panels;
  blocking.pack_awkward = b_bytes > usable_l2 && m >= rows_that_pay_for_copies;
  blocking.whole = tiles.masked_memory && !blocking.pack_b && !blocking.pack_awkward &&
                   blocking.depth >= k && blocking.cols >= n;
  return blocking;
}

std::size_t strip_workspace_bytes(const TileKernels& tiles, const Blocking& blocking) {
  return static_cast<std::size_t>(packed_a_bytes(tiles, blocking) +
                                  packed_b_bytes(tiles, blocking));
}

void multiply_in_strips(const TileKernels& tiles, const Blocking& blocking, const Args& args,
                        std::span<std::byte> workspace) {
  assert(workspace.size() >= strip_workspace_bytes(tiles, blocking));
  assert(shapes_agree(args));
  auto* packed_a = reinterpret_cast<float*>(workspace.data());
  auto* packed_b = reinterpret_cast<float*>(workspace.data() + packed_a_bytes(tiles, blocking));
  const Index n = args.c.cols;
  const Index k = args.a.cols;
  if (args.c.rows == 0) return;
  const Index depth_blocks = std::max<Index>(1, ceil_div(k, blocking.depth));  // k = 0 clears C
  for (Index element = 0; element < args.c.batch; ++element) {
    if (blocking.whole) {
      tiles.multiply({.a = args.a.matrix(element),
                      .a_stride = args.a.row_stride,
                      .b = args.b.matrix(element),
                      .b_stride = args.b.row_stride,
                      .b_panel_stride = tiles.cols,
                      .c = args.c.matrix(element),
                      .c_stride = args.c.row_stride,
                      .rows = args.c.rows,
                      .cols = n,
                      .depth = k});
      continue;
    }
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
