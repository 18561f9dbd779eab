#pragma once

#include <span>

#include "kernels/core/spin_barrier.h"
#include "kernels/matmul/matmul.h"
#include "kernels/matmul/simd_plan.h"
#include "kernels/matmul/simd_tiles.h"

namespace crossover::kernels::matmul {

/// B in panels, copied once: for each block of depth, panel after panel.
struct PanelsOfB {
  const float* data = nullptr;
  Index batch_stride = 0;  // 0 where all elements of the batch share one B
  Index cols = 0;          // of all panels together
  Index first_col = 0;     // where the product's own columns begin; a multiple of a panel's width

  /// The panel that begins with column `col` of the block of that depth at row p0.
  const float* at(Index element, Index p0, Index depth, Index col) const {
    return data + element * batch_stride + p0 * cols + (first_col + col) * depth;
  }
};

/// Threads with the same columns of B, who copy each block of it together.
struct Group {
  SpinBarrier* barrier = nullptr;  // nullptr for one thread alone
  Index members = 1;
  Index member = 0;
  std::span<std::byte> workspace;  // for the shared panels
};

/// What a call needs besides its operands.
struct Resources {
  std::span<std::byte> workspace;  // of block_workspace_bytes()
  const PanelsOfB* panels = nullptr;
  Group group;
};

/// All of one element of the batch, where it lies.
inline Strip whole_strip(const TileKernels& tiles, const Args& args, Index element) {
  return {.a = args.a.matrix(element),
          .a_stride = args.a.row_stride,
          .b = args.b.matrix(element),
          .b_stride = args.b.row_stride,
          .b_panel_stride = tiles.cols,
          .c = args.c.matrix(element),
          .c_stride = args.c.row_stride,
          .rows = args.c.rows,
          .cols = args.c.cols,
          .depth = args.a.cols};
}

/// Computes the family's definition on the calling thread, or its share of it with a group.
/// Source: Goto & van de Geijn, ACM TOMS 34(3), 2008, for Path::packed and Path::prepacked.
void multiply_blocks(const TileKernels& tiles, const Blocking& blocking, const Args& args,
                     const Resources& resources);

}  // namespace crossover::kernels::matmul
