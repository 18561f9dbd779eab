#pragma once

#include <cstddef>
#include <cstdint>

namespace crossover::kernels {

/// Signed so that differences and reversed loops are safe.
using Index = std::int64_t;

/// A batch of row-major matrices over memory that somebody else owns.
/// Element (b, i, j) stands at data[b * batch_stride + i * row_stride + j]; strides in elements.
template <class T>
struct MatrixBatch {
  T* data = nullptr;
  Index batch = 1;
  Index rows = 0;
  Index cols = 0;
  Index row_stride = 0;    // >= cols
  Index batch_stride = 0;  // 0 lets every batch element share one matrix (read-only operands)

  T* matrix(Index b) const { return data + b * batch_stride; }
  T* row(Index b, Index i) const { return data + b * batch_stride + i * row_stride; }

  /// The block of row_count x col_count elements at (row, col) of every matrix, in place.
  MatrixBatch block(Index row, Index col, Index row_count, Index col_count) const {
    return {data + row * row_stride + col, batch, row_count, col_count, row_stride, batch_stride};
  }

  /// The matrices [first, first + count), in place.
  MatrixBatch matrices(Index first, Index count) const {
    return {matrix(first), count, rows, cols, row_stride, batch_stride};
  }

  operator MatrixBatch<const T>() const {
    return {data, batch, rows, cols, row_stride, batch_stride};
  }
};

/// Describes dense storage: rows * cols elements per matrix, matrices one after the other.
template <class T>
MatrixBatch<T> dense(T* data, Index batch, Index rows, Index cols) {
  return {data, batch, rows, cols, cols, rows * cols};
}

}  // namespace crossover::kernels
