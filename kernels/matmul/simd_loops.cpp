#include "kernels/matmul/simd_loops.h"

#include <algorithm>
#include <cassert>

#include "kernels/core/partition.h"
#include "kernels/matmul/simd_packing.h"
#include "kernels/matmul/simd_streams.h"
#include "kernels/matmul/variants.h"

namespace crossover::kernels::matmul {
namespace {

constexpr Index line_floats = 64 / sizeof(float);

// While the first strips of A pass by a panel of B, they fetch the next one: a line at each step of
// depth, or two where there is one strip only. 16 x 5120 x 5120 with a prepacked B takes 28% less
// time, 128 x 5120 x 5120 6%; two lines at a time lose that for 16 rows, and half a line is worse
// than none.
Index most_fetching_strips(const TileKernels& tiles) {
  return std::max<Index>(1, tiles.cols / line_floats);
}

void fetch_part(Strip& strip, const float* panel, Index panel_cols, Index part, Index parts) {
  const bool fetches = part < parts;
  strip.fetch_step = fetches ? panel_cols / parts : 0;
  strip.fetch = fetches ? panel + part * strip.depth * strip.fetch_step : strip.a;
}

// One element of the batch, and what is the same for all of its blocks.
struct Product {
  const TileKernels& tiles;
  const Blocking& blocking;
  const Args& args;
  const Resources& resources;
  Index element;
  float* packed_a;
  float* packed_b;

  // C[:, j0 : j0 + cols] (+)= A[:, p0 : p0 + depth] * B[p0 : p0 + depth, j0 : j0 + cols]
  void multiply_block(Index p0, Index depth, Index j0, Index cols) const {
    Strip strip;
    strip.depth = depth;
    strip.cols = cols;
    strip.accumulate = p0 > 0;
    strip.a = args.a.matrix(element) + p0;
    strip.a_stride = args.a.row_stride;
    strip.c = args.c.matrix(element) + j0;
    strip.c_stride = args.c.row_stride;
    strip.rows = args.c.rows;
    if (blocking.path == Path::blocks && !blocking.pack_b) {
      strip.b = args.b.row(element, p0) + j0;
      strip.b_stride = args.b.row_stride;
      strip.b_panel_stride = tiles.cols;
      return tiles.multiply(strip);
    }
    strip.b = blocking.path == Path::prepacked ? resources.panels->at(element, p0, depth, j0)
                                               : pack_b(p0, depth, j0, cols);
    strip.b_stride = tiles.cols;
    strip.b_panel_stride = depth * tiles.cols;
    if (blocking.pack_a) {
      multiply_panels(strip);
    } else {
      tiles.multiply(strip);
    }
    if (resources.group.barrier) resources.group.barrier->arrive_and_wait();
  }

  const float* pack_b(Index p0, Index depth, Index j0, Index cols) const {
    const Group& group = resources.group;
    const Range own = share(cols, group.members, group.member, tiles.cols);
    pack_block(args.b, args.layout, element, p0, depth, j0 + own.begin, own.size(), tiles.cols,
               packed_b + own.begin * depth);
    if (group.barrier) group.barrier->arrive_and_wait();
    return packed_b;
  }

  // The strips of a block of A, which stays in L2, pass by one panel of B after the other.
  void multiply_panels(const Strip& block) const {
    const PackingKernels& packing = packing_kernels();
    for (Index i0 = 0; i0 < block.rows; i0 += blocking.rows) {
      const Index rows = std::min(blocking.rows, block.rows - i0);
      const Index strips = ceil_div(rows, tiles.rows);
      for (Index s = 0; s < strips; ++s) {
        const Range strip = share(rows, strips, s);
        packing.pack_a(block.a + (i0 + strip.begin) * block.a_stride, block.a_stride, strip.size(),
                       block.depth, packed_a + strip.begin * block.depth);
      }
      for (Index j = 0; j < block.cols; j += tiles.cols) {
        Strip tile = block;
        tile.a_is_packed = true;
        tile.cols = std::min(tiles.cols, block.cols - j);
        tile.b += j * block.depth;
        const bool last = j + tiles.cols >= block.cols;
        const Index fetching_strips = last ? 0 : std::min(strips, most_fetching_strips(tiles));
        for (Index s = 0; s < strips; ++s) {
          const Range strip = share(rows, strips, s);
          tile.rows = strip.size();
          tile.a = packed_a + strip.begin * block.depth;
          fetch_part(tile, tile.b + tiles.cols * block.depth, tiles.cols, s, fetching_strips);
          tile.c = block.c + (i0 + strip.begin) * block.c_stride + j;
          tiles.multiply(tile);
        }
      }
    }
  }
};

// At least one: k = 0 clears C.
Index depth_blocks(Index k, const Blocking& blocking) {
  return std::max<Index>(1, ceil_div(k, blocking.depth));
}

// C's transpose [n, m] = B's transpose as it lies [n, k] * A's transpose [k, m], copied into
// panels. A block of C's transpose is completed along k, then written to C.
void multiply_flipped(const TileKernels& tiles, const Blocking& blocking, const Args& args,
                      Index element, float* workspace) {
  const PackingKernels& packing = packing_kernels();
  const Index m = args.c.rows;
  const Index n = args.c.cols;
  const Index k = args.a.cols;
  const Index row = round_up(m, tiles.cols);
  float* panels = workspace;
  float* block = workspace + row * k;
  for (Index p0 = 0; p0 < k; p0 += blocking.depth) {
    packing.pack_bt(args.a.matrix(element) + p0, args.a.row_stride,
                    std::min(blocking.depth, k - p0), m, tiles.cols, panels + row * p0);
  }
  for (Index j0 = 0; j0 < n; j0 += blocking.cols) {
    Strip strip;
    strip.rows = std::min(blocking.cols, n - j0);
    strip.cols = m;
    strip.a_stride = args.b.row_stride;
    strip.b_stride = tiles.cols;
    strip.c = block;
    strip.c_stride = row;
    for (Index block_of_k = 0; block_of_k < depth_blocks(k, blocking); ++block_of_k) {
      const Index p0 = block_of_k * blocking.depth;
      strip.depth = std::min(blocking.depth, k - p0);
      strip.a = args.b.row(element, j0) + p0;
      strip.b = panels + row * p0;
      strip.b_panel_stride = strip.depth * tiles.cols;
      strip.accumulate = p0 > 0;
      tiles.multiply(strip);
    }
    packing.transpose(block, row, strip.rows, m, args.c.matrix(element) + j0, args.c.row_stride);
  }
}

// The paths without blocks: one call goes through the operands as they lie.
void multiply_whole(const TileKernels& tiles, Path path, const Args& args, Index element) {
  const Strip strip = whole_strip(tiles, args, element);
  if (path == Path::whole) return tiles.multiply(strip);
  const StreamKernels& streams = stream_kernels();
  (path == Path::stream ? streams.multiply_rows : streams.multiply_dots)(strip);
}

void multiply_in_blocks(const Product& product) {
  const Index n = product.args.c.cols;
  const Index k = product.args.a.cols;
  const Blocking& blocking = product.blocking;
  for (Index j0 = 0; j0 < n; j0 += blocking.cols) {
    for (Index block = 0; block < depth_blocks(k, blocking); ++block) {
      const Index p0 = block * blocking.depth;
      product.multiply_block(p0, std::min(blocking.depth, k - p0), j0,
                             std::min(blocking.cols, n - j0));
    }
  }
}

}  // namespace

void multiply_blocks(const TileKernels& tiles, const Blocking& blocking, const Args& args,
                     const Resources& resources) {
  assert(resources.workspace.size() >= block_workspace_bytes(tiles, blocking));
  assert(shapes_agree(args));
  if (args.c.rows == 0 || args.c.cols == 0) return;
  const bool whole =
      blocking.path == Path::whole || blocking.path == Path::stream || blocking.path == Path::dots;
  const auto panels = [&](std::span<std::byte> workspace) {
    return reinterpret_cast<float*>(workspace.data()) + packed_a_elements(tiles, blocking);
  };
  for (Index element = 0; element < args.c.batch; ++element) {
    if (whole) {
      multiply_whole(tiles, blocking.path, args, element);
    } else if (blocking.path == Path::flipped) {
      multiply_flipped(tiles, blocking, args, element,
                       reinterpret_cast<float*>(resources.workspace.data()));
    } else {
      const bool shared = resources.group.barrier != nullptr;
      multiply_in_blocks({tiles, blocking, args, resources, element,
                          reinterpret_cast<float*>(resources.workspace.data()),
                          panels(shared ? resources.group.workspace : resources.workspace)});
    }
  }
}

}  // namespace crossover::kernels::matmul
