#pragma once

#include <cstddef>
#include <string>

#include "kernels/matmul/matmul.h"
#include "kernels/matmul/simd_tiles.h"

namespace crossover::kernels::matmul {

/// The order in which one thread goes through its product.
enum class Path {
  whole,      // operands are read as they lie, in one go: they fit the caches
  blocks,     // blocks of B that fit L2, read as they lie or copied; rows of A as they lie
  packed,     // A and B copied into panels, block by block (Goto)
  prepacked,  // the same with a B that was copied when the product was prepared
  stream,     // few rows: B passes by once, in the order in which it lies in memory
  dots,       // few rows, B's transpose: dot products of rows
  flipped,    // some rows, B's transpose: C's transpose, whose left operand is B as it lies
};

/// How one thread cuts its product, so that each level of cache holds what is read again from it.
/// Extents are those of a whole block; 0 where the path has no blocks.
struct Blocking {
  Path path = Path::whole;
  Index rows = 0;         // of a block of A
  Index depth = 0;        // of a block of A and of B
  Index cols = 0;         // of a block of B
  bool pack_b = false;    // Path::blocks: copy the block of B into panels first
  bool pack_a = false;    // Path::packed, prepacked: copy the block of A, too
  Index panel_depth = 0;  // Path::flipped: of A's transpose in panels, which is copied whole
};

/// Tile and path, as a result names the code that ran: "avx3 12x32 packed".
std::string code_path(const TileKernels& tiles, const Blocking& blocking);

/// The blocking for a product of that size, or for a piece of one of `all_cols` columns; extents
/// may be 0.
Blocking choose_blocking(const TileKernels& tiles, const Problem& piece, Index all_cols);

/// The same for a B that is prepacked.
Blocking choose_prepacked_blocking(const TileKernels& tiles, const Problem& problem);

/// The register tile in use and the largest blocks that the caches of this machine allow.
std::string describe_blocking();

/// Elements that a block of B takes as panels, or 0 where it is not copied in a call.
Index panel_elements(const TileKernels& tiles, const Blocking& blocking);

/// Elements that a block of A takes, or 0 where it is not copied; Path::flipped: those of A's
/// transpose and of a block of C's.
Index packed_a_elements(const TileKernels& tiles, const Blocking& blocking);

/// Bytes of workspace for one thread, a multiple of 64.
std::size_t block_workspace_bytes(const TileKernels& tiles, const Blocking& blocking);

/// How the product is cut into pieces, one per thread; never along k, which would need sums across
/// threads.
struct Split {
  Index batch = 1;
  Index rows = 1;
  Index cols = 1;

  Index pieces() const { return batch * rows * cols; }
};

/// The cheapest split into at most `threads` pieces whose columns are multiples of `granule`; of
/// equal ones, the one that cuts fewest columns.
Split choose_split(const Problem& problem, Index threads, Index granule);

/// The size of the largest piece.
Problem largest_piece(const Problem& problem, const Split& split, Index granule);

}  // namespace crossover::kernels::matmul
