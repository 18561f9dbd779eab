#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "kernels/matmul/matmul.h"
#include "kernels/matmul/simd_tiles.h"

namespace crossover::kernels::matmul {

/// The order in which one thread goes through its product.
enum class Path {
  whole,   // operands are read as they lie, in one go: they fit the caches
  blocks,  // blocks of B that fit L2, read as they lie or copied; rows of A as they lie
  packed,  // A and B copied into panels, block by block (Goto)
  stream,  // few rows: B passes by once, in the order in which it lies in memory
  dots,    // few rows, B's transpose: dot products of rows
};

std::string_view to_string(Path path);

/// How one thread cuts its product, so that each level of cache holds what is read again from it.
struct Blocking {
  Path path = Path::whole;
  Index rows = 0;       // of a block of A
  Index depth = 0;      // of a block of A and of B
  Index cols = 0;       // of a block of B
  bool pack_b = false;  // Path::blocks: copy the block of B into panels first
};

/// The blocking for a product of that size; extents may be 0.
Blocking choose_blocking(const TileKernels& tiles, const Problem& problem);

/// Bytes of workspace for multiply_blocks(), a multiple of 64.
std::size_t block_workspace_bytes(const TileKernels& tiles, const Blocking& blocking);

/// Computes the family's definition on the calling thread.
/// Source: Goto & van de Geijn, ACM TOMS 34(3), 2008, for Path::packed.
void multiply_blocks(const TileKernels& tiles, const Blocking& blocking, const Args& args,
                     std::span<std::byte> workspace);

}  // namespace crossover::kernels::matmul
