#pragma once

#include "kernels/core/matrix.h"

namespace crossover::kernels {

/// Rows of numbers over memory that somebody else owns.
/// Element (i, j) stands at data[i * stride + j]; stride in elements, at least cols.
template <class T>
struct Rows {
  T* data = nullptr;
  Index rows = 0;
  Index cols = 0;
  Index stride = 0;

  T* row(Index i) const { return data + i * stride; }

  /// No gap between the rows: they can be read as a single one.
  bool dense() const { return stride == cols || rows <= 1; }

  operator Rows<const T>() const { return {data, rows, cols, stride}; }
};

template <class T>
bool same_shape(const Rows<const T>& a, const Rows<const T>& b) {
  return a.rows == b.rows && a.cols == b.cols && a.stride >= a.cols && b.stride >= b.cols;
}

/// Describes dense rows, one after the other.
template <class T>
Rows<T> dense_rows(T* data, Index rows, Index cols) {
  return {data, rows, cols, cols};
}

}  // namespace crossover::kernels
