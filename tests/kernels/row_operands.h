#pragma once

#include <string>
#include <vector>

#include "kernels/core/kernel.h"
#include "kernels/core/rows.h"
#include "tests/kernels/forced_instruction_set.h"
#include "tests/kernels/guarded_matrix.h"

namespace crossover::kernels::test {

/// Rows between guards.
class GuardedRows : public GuardedMatrix {
 public:
  GuardedRows(Index rows, Index cols, const Layout& layout)
      : GuardedMatrix(1, rows, cols, layout) {}

  Rows<float> rows() const { return {view().data, view().rows, view().cols, view().row_stride}; }
};

/// A copy of rows that somebody is about to overwrite.
class CopiedRows {
 public:
  explicit CopiedRows(const Rows<const float>& from) : rows_(from) {
    values_.resize(static_cast<std::size_t>(from.rows * from.cols));
    rows_.stride = from.cols;
    rows_.data = values_.data();
    for (Index i = 0; i < from.rows; ++i) {
      std::copy_n(from.row(i), from.cols, values_.data() + i * from.cols);
    }
  }

  Rows<const float> rows() const { return rows_; }

 private:
  std::vector<float> values_;
  Rows<const float> rows_;
};

inline std::vector<std::string> instruction_sets_to_test(const Traits& traits) {
  if (traits.simd == Simd::none) return {instruction_sets().front()};
  return instruction_sets();
}

inline std::vector<int> thread_counts(const Traits& traits) {
  if (traits.threading == Threading::none) return {1};
  return {1, 2, 3, 5};
}

/// Around the vectors of all instruction sets, and around eight and four of them.
inline const std::vector<Index> edge_cols = {0,  1,  2,  3,  4,  5,  7,  8,   9,   15,  16, 17,
                                             31, 32, 33, 63, 64, 65, 67, 127, 128, 129, 200};

inline const std::vector<Layout> row_layouts = {
    {}, {.row_padding = 3, .end_gap = 1}, {.row_padding = 16, .end_gap = 5}};

}  // namespace crossover::kernels::test
