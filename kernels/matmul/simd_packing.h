#pragma once

#include "kernels/core/matrix.h"

namespace crossover::kernels::matmul {

/// Copies of operands in the order in which register tiles read them, for one instruction set.
struct PackingKernels {
  /// Copies A [rows, depth] to its transpose [depth, rows].
  void (*pack_a)(const float* a, Index a_stride, Index rows, Index depth, float* packed);

  /// Copies B [depth, cols] into panels [depth, width] one after the other; the last panel is
  /// filled up with zeros to a whole vector.
  void (*pack_b)(const float* b, Index b_stride, Index depth, Index cols, Index width,
                 float* packed);

  /// The same from B's transpose [cols, depth].
  void (*pack_bt)(const float* bt, Index bt_stride, Index depth, Index cols, Index width,
                  float* packed);
};

/// Those of the instruction set in use (instruction_set.h).
const PackingKernels& packing_kernels();

}  // namespace crossover::kernels::matmul
