#pragma once

#include <cstddef>
#include <span>

#include "kernels/matmul/matmul.h"
#include "kernels/matmul/simd_tiles.h"

namespace crossover::kernels::matmul {

/// How one thread cuts its product, so that each level of cache holds what is read again from it.
struct Blocking {
  Index depth = 0;      // of a strip of A, which stays near while it runs along the columns of B
  Index cols = 0;       // of a block of B, which stays in L2 while the strips of A run over it
  bool pack_b = false;  // always copy the block of B into panels first
  bool pack_awkward = false;  // copy A or B where its rows are misaligned or share cache sets
  bool whole = false;         // neither blocks nor copies: small enough to be read as it lies
};

/// The blocking for a product of that size; extents may be 0.
Blocking choose_blocking(const TileKernels& tiles, Index m, Index n, Index k, Layout layout);

/// Bytes of workspace for multiply_in_strips(), a multiple of 64.
std::size_t strip_workspace_bytes(const TileKernels& tiles, const Blocking& blocking);

/// Computes the family's definition on the calling thread.
/// Source: Goto & van de Geijn, ACM TOMS 34(3), 2008, with A and B in exchanged roles: B, which the
/// tiles read along its rows as it lies, is cheap to pack or needs no packing; A needs none.
void multiply_in_strips(const TileKernels& tiles, const Blocking& blocking, const Args& args,
                        std::span<std::byte> workspace);

}  // namespace crossover::kernels::matmul
