#include "kernels/matmul/simd_plan.h"

#include <algorithm>
#include <fmt/format.h>
#include <limits>

#include "kernels/core/cpu_caches.h"
#include "kernels/core/partition.h"

namespace crossover::kernels::matmul {
namespace {

constexpr Index float_bytes = sizeof(float);
constexpr Index line_bytes = 64;    // a cache line, and an AVX-512 vector
constexpr Index page_bytes = 4096;  // also the size of a way of L1

// A block of depth 192 would keep a panel of B in L1, as Goto has it; C, which comes and goes once
// per block, costs more than B from L2: 192 loses 8% to 512 at 1024 x 1024 x 1024.
constexpr Index most_depth = 512;

// With at most so many rows a B that L2 holds but a small part of is read in the order in which it
// lies, a few rows at a time. Tiles jump from row to row: 1 x 5120 x 5120 takes 30% more time by
// them, 8 x 5000 x 5000 39%. Where the rows of B crowd into few sets of the caches, that begins
// earlier, and for more than a tile's rows it begins at L2: 16 x 1024 x 1024 takes 31% more time
// with a copied B.
constexpr Index most_streamed_rows = 24;
constexpr Index level2_caches_to_stream = 15;
constexpr Index level2_caches_to_stream_if_colliding = 11;
constexpr Index rows_to_stream_if_colliding = 12;

// 4 to 6 rows of AVX-512 are read as fast by tiles, in runs of 8 to 12 vectors, unless B is so far
// that even its page tables come from memory.
constexpr Index level3_caches_to_be_far = 2;

// Copying B costs 4% of a product of 128 rows. It pays where the rows of B would be read badly in
// place: for all rows that are not streamed where they crowd into few sets of the caches or come
// from memory, from 128 on where vectors cross cache lines and where panels are narrow.
constexpr Index rows_that_pay_for_copies = 128;

// From here on everything is copied, whatever its strides: A, B and C have left L2 for good.
constexpr Index extent_that_pays_for_copies = 1024;

// A copy of A, at half a cycle per element, costs 2% of a product of 512 columns. Few rows, even
// colliding ones, are read well as they lie: their tiles are then twice as wide.
constexpr Index cols_that_pay_for_copies = 512;
constexpr Index rows_that_need_no_copy = 4;

// Up to so many rows, dot products beat transposing B into panels.
constexpr Index most_rows_of_dots = 96;
constexpr Index most_rows_of_colliding_dots = 16;

// Where dot products would crowd into few sets of the caches, up to so many rows are multiplied as
// the right operand of C's transpose: B is then read once, as it lies, and only A is copied. 32 x
// 5120 x 5120 takes 42% less time than with a copied B, and 64 rows of the same 23%.
constexpr Index most_rows_of_flipped = 64;
constexpr Index strips_of_flipped_block = 32;

struct UsableCaches {
  Index level1;
  Index level2;
  Index level3;
};

// What a block may take: the rest is for what passes by.
UsableCaches usable_caches() {
  const CpuCaches& caches = cpu_caches();
  return {static_cast<Index>(caches.level1) * 3 / 4, static_cast<Index>(caches.level2) * 3 / 4,
          static_cast<Index>(caches.level3) / 2};
}

// The largest block up to `limit` that cuts `extent` into equal ones, so that none is a rest too
// small to pay for its loads and stores of C.
Index even_block(Index extent, Index limit, Index granule) {
  if (extent <= 0) return granule;
  const Index blocks = ceil_div(extent, std::max(limit, granule));
  return round_up(ceil_div(extent, blocks), granule);
}

// Rows whole pages apart lie on the same sets of L1 and crowd into a few of L2.
bool rows_collide(Index row_stride) { return row_stride * float_bytes % page_bytes == 0; }

bool worth_copying(const Problem& piece, Index all_cols, bool badly_read,
                   const UsableCaches& usable) {
  const auto& [batch, m, n, k, layout] = piece;
  const Index b_bytes = n * k * float_bytes;
  if (b_bytes <= usable.level2) return false;
  if (m > most_streamed_rows && (rows_collide(all_cols) || b_bytes > usable.level3)) return true;
  if (std::min({m, n, k}) >= extent_that_pays_for_copies) return true;
  return m >= rows_that_pay_for_copies && (badly_read || rows_collide(k));
}

bool worth_streaming(const TileKernels& tiles, const Problem& piece, Index all_cols,
                     const UsableCaches& usable) {
  const auto& [batch, m, n, k, layout] = piece;
  const Index b_bytes = n * k * float_bytes;
  const bool colliding = rows_collide(all_cols);
  if (m > most_streamed_rows || b_bytes <= usable.level2) return false;
  if (colliding && m >= rows_to_stream_if_colliding) return true;
  const auto level2 = static_cast<Index>(cpu_caches().level2);
  const auto level3 = static_cast<Index>(cpu_caches().level3);
  const bool long_runs =
      tiles.lanes * float_bytes == line_bytes && m >= tiles.rows / 3 && m <= tiles.rows / 2;
  if (long_runs) return b_bytes > level3_caches_to_be_far * level3;
  return b_bytes >
         level2 * (colliding ? level2_caches_to_stream_if_colliding : level2_caches_to_stream);
}

// A strip of A stays in L1 while it runs along the columns of B.
Index block_depth(const TileKernels& tiles, Index k, const UsableCaches& usable) {
  return even_block(k, std::min(most_depth, usable.level1 / (tiles.rows * float_bytes)), 1);
}

Blocking packed_blocking(const TileKernels& tiles, const Problem& problem,
                         const UsableCaches& usable) {
  Blocking blocking;
  blocking.path = Path::packed;
  blocking.depth = block_depth(tiles, problem.k, usable);
  const Index column_bytes = blocking.depth * float_bytes;
  blocking.rows = even_block(problem.m, usable.level2 / column_bytes, tiles.rows);
  blocking.cols = even_block(problem.n, usable.level3 / column_bytes, tiles.cols);
  blocking.pack_a = problem.m > rows_that_need_no_copy &&
                    (problem.n >= cols_that_pay_for_copies || rows_collide(problem.k));
  return blocking;
}

Blocking flipped_blocking(const TileKernels& tiles, const Problem& problem,
                          const UsableCaches& usable) {
  Blocking blocking;
  blocking.path = Path::flipped;
  blocking.rows = problem.m;
  blocking.panel_depth = problem.k;
  const Index row_bytes = round_up(problem.m, tiles.cols) * float_bytes;
  blocking.depth = even_block(problem.k, usable.level2 / 2 / row_bytes, 1);
  blocking.cols = std::min(problem.n, strips_of_flipped_block * tiles.rows);
  return blocking;
}

// Time of the largest piece, in multiply-adds along k. Besides its area, a piece of rows x cols
// costs its half perimeter: each row of A and column of B is fetched, or copied, once per piece. A
// copied column costs as much as 5 rows of it in multiply-adds (4% of 128), about half a vector's
// lanes.
Index cost(const Problem& piece, Index granule) {
  return piece.batch * (piece.m * piece.n + granule / 2 * (piece.m + piece.n));
}

std::string_view to_string(Path path) {
  switch (path) {
    case Path::whole:
      return "whole";
    case Path::blocks:
      return "blocks";
    case Path::packed:
      return "packed";
    case Path::prepacked:
      return "prepacked";
    case Path::stream:
      return "stream";
    case Path::dots:
      return "dots";
    case Path::flipped:
      return "flipped";
  }
  return "";
}

}  // namespace

std::string code_path(const TileKernels& tiles, const Blocking& blocking) {
  return fmt::format("{} {}", tiles.name, to_string(blocking.path));
}

Blocking choose_blocking(const TileKernels& tiles, const Problem& piece, Index all_cols) {
  const UsableCaches usable = usable_caches();
  const auto& [batch, m, n, k, layout] = piece;
  Blocking blocking;
  if (layout == Layout::abt) {
    if (m > (rows_collide(k) ? most_rows_of_colliding_dots : most_rows_of_dots)) {
      return m <= most_rows_of_flipped ? flipped_blocking(tiles, piece, usable)
                                       : packed_blocking(tiles, piece, usable);
    }
    blocking.path = Path::dots;
    return blocking;
  }
  const bool misaligned = all_cols % tiles.lanes != 0;
  // Prefetchers fetch two lines together; narrower panels waste one of them.
  const bool narrow = tiles.cols * float_bytes < 2 * line_bytes;
  if (worth_streaming(tiles, piece, all_cols, usable)) {
    blocking.path = Path::stream;
    return blocking;
  }
  if (worth_copying(piece, all_cols, misaligned || narrow, usable)) {
    return packed_blocking(tiles, piece, usable);
  }
  blocking.depth = block_depth(tiles, k, usable);
  blocking.cols = even_block(n, usable.level2 / (blocking.depth * float_bytes), tiles.cols);
  blocking.rows = m;
  blocking.pack_b = misaligned && !tiles.masked_memory;
  // What a single strip reads once needs no blocks.
  const bool one_strip = m <= tiles.rows && n * k * float_bytes <= usable.level3;
  const bool one_block = one_strip || (blocking.depth >= k && blocking.cols >= n);
  blocking.path = one_block && !blocking.pack_b ? Path::whole : Path::blocks;
  return blocking;
}

Blocking choose_prepacked_blocking(const TileKernels& tiles, const Problem& problem) {
  Blocking blocking = packed_blocking(tiles, problem, usable_caches());
  blocking.path = Path::prepacked;
  return blocking;
}

std::string describe_blocking() {
  constexpr Index large = Index{1} << 20;  // no extent of its own limits a block
  constexpr Index kib = 1024;
  const TileKernels& tiles = tile_kernels();
  const Blocking blocks = packed_blocking(tiles, {1, large, large, large}, usable_caches());
  const CpuCaches& caches = cpu_caches();
  return fmt::format(
      "tiles {}; caches of {}, {} and {} KiB give blocks of {} x {} of A and {} x {} of B",
      tiles.name, caches.level1 / kib, caches.level2 / kib, caches.level3 / kib, blocks.rows,
      blocks.depth, blocks.depth, blocks.cols);
}

Index panel_elements(const TileKernels& tiles, const Blocking& blocking) {
  const bool copied = blocking.path == Path::packed || blocking.pack_b;
  return copied ? round_up(blocking.cols, tiles.cols) * blocking.depth : 0;
}

Index packed_a_elements(const TileKernels& tiles, const Blocking& blocking) {
  if (blocking.path == Path::flipped) {
    const Index row = round_up(blocking.rows, tiles.cols);
    return row * (blocking.panel_depth + blocking.cols);
  }
  return blocking.pack_a ? round_up(blocking.rows * blocking.depth, line_bytes / float_bytes) : 0;
}

std::size_t block_workspace_bytes(const TileKernels& tiles, const Blocking& blocking) {
  const Index elements = packed_a_elements(tiles, blocking) + panel_elements(tiles, blocking);
  return static_cast<std::size_t>(round_up(elements * float_bytes, line_bytes));
}

Split choose_split(const Problem& problem, Index threads, Index granule) {
  const Index most_batch = std::max<Index>(1, std::min(threads, problem.batch));
  const Index most_cols = std::max<Index>(1, ceil_div(problem.n, granule));
  Split best;
  Index best_cost = std::numeric_limits<Index>::max();
  for (Index batch = 1; batch <= most_batch; ++batch) {
    for (Index cols = 1; cols <= std::min(threads / batch, most_cols); ++cols) {
      const Index rows = std::clamp<Index>(problem.m, 1, threads / (batch * cols));
      const Split split{batch, rows, cols};
      const Index split_cost = cost(largest_piece(problem, split, granule), granule);
      if (split_cost < best_cost) {
        best = split;
        best_cost = split_cost;
      }
    }
  }
  return best;
}

Problem largest_piece(const Problem& problem, const Split& split, Index granule) {
  const Index granules = ceil_div(problem.n, granule);
  return {ceil_div(problem.batch, split.batch), ceil_div(problem.m, split.rows),
          split.cols == 1 ? problem.n : ceil_div(granules, split.cols) * granule, problem.k,
          problem.layout};
}

}  // namespace crossover::kernels::matmul
