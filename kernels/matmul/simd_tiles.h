#pragma once

#include "kernels/core/matrix.h"

namespace crossover::kernels::matmul {

/// Rows of C against the columns of a block of B.
struct Strip {
  const float* a = nullptr;  // [rows, depth], or its transpose [depth, rows] where a_is_packed
  Index a_stride = 0;        // from one row to the next; not used where a_is_packed
  const float* b = nullptr;  // panels [depth, TileKernels::cols], the last one narrower
  Index b_stride = 0;        // from one row of a panel to the next
  Index b_panel_stride = 0;  // from one panel to the next
  float* c = nullptr;        // [rows, cols]
  Index c_stride = 0;
  Index rows = 0;  // at least 1; at most TileKernels::rows where a_is_packed
  Index cols = 0;
  Index depth = 0;
  bool accumulate = false;  // add to C instead of overwriting it
  bool a_is_packed = false;

  // Where a_is_packed: depth * fetch_step floats that will be read next, brought near meanwhile.
  const float* fetch = nullptr;
  Index fetch_step = 0;
};

/// Register-tiled inner loops for one instruction set.
struct TileKernels {
  const char* name;    // "avx3 12x32"
  Index rows;          // of a register tile
  Index cols;          // of a register tile
  Index lanes;         // of a vector
  bool masked_memory;  // B may end inside a vector; else its rows are read to a whole vector

  /// Computes C (+)= A * B for a strip, cut into tiles. Writes nothing beyond cols in C's rows;
  /// reads nothing beyond cols in B's rows either, where masked_memory.
  void (*multiply)(const Strip& strip);
};

/// Those of the instruction set in use (instruction_set.h).
const TileKernels& tile_kernels();

}  // namespace crossover::kernels::matmul
