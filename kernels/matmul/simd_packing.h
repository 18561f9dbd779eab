#pragma once

#include "kernels/matmul/matmul.h"

namespace crossover::kernels::matmul {

/// Copies of operands in the order in which register tiles read them, for one instruction set.
struct PackingKernels {
  /// to[p * to_stride + i] = from[i * from_stride + p] for i < rows, p < depth.
  void (*transpose)(const float* from, Index from_stride, Index rows, Index depth, float* to,
                    Index to_stride);

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

/// Copies B[p0 : p0 + depth, j0 : j0 + cols] of one matrix into panels, however it lies.
inline void pack_block(const MatrixBatch<const float>& b, Layout layout, Index element, Index p0,
                       Index depth, Index j0, Index cols, Index width, float* packed) {
  const PackingKernels& packing = packing_kernels();
  if (layout == Layout::abt) {
    packing.pack_bt(b.row(element, j0) + p0, b.row_stride, depth, cols, width, packed);
  } else {
    packing.pack_b(b.row(element, p0) + j0, b.row_stride, depth, cols, width, packed);
  }
}

}  // namespace crossover::kernels::matmul
