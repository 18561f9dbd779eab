#pragma once

#include "kernels/core/partition.h"
#include "kernels/matmul/matmul.h"

namespace crossover::kernels::matmul {

// What family.cpp lists; each is defined in the file of its name, or of its name's beginning.
extern const Kernel naive;
extern const Kernel loop_order;
extern const Kernel blocked;
extern const Kernel register_tile;
extern const Kernel packed;
extern const Kernel parallel;
extern const Kernel parallel_spawn;
extern const Kernel simd;
extern const Kernel simd_parallel;
extern const Kernel prepacked;
extern const Kernel openblas;
extern const Kernel eigen;
extern const Kernel blis;
extern const Kernel onednn;
extern const Kernel onednn_prepacked;
extern const Kernel libxsmm;
extern const Kernel auto_kernel;

/// What the variant `auto` says without Constants::policy.
inline constexpr std::string_view why_no_policy =
    "auto needs a policy: set policy = FILE to what `crossover policy fit` made";

/// Parts of an entry for variants that need nothing special.
inline std::optional<std::string> always_supported(const Problem&) { return std::nullopt; }
inline std::unique_ptr<Prepared> prepare_nothing(const Problem&, const Constants&,
                                                 const ParallelPolicy&) {
  return std::make_unique<Prepared>();
}
inline std::size_t no_workspace(const Problem&, const ParallelPolicy&) { return 0; }

/// Whether the operands fit each other; what every variant asserts.
inline bool shapes_agree(const Args& args) {
  const auto& [a, b, c, layout] = args;
  const bool transposed = layout == Layout::abt;
  const Index b_rows = transposed ? b.cols : b.rows;
  const Index b_cols = transposed ? b.rows : b.cols;
  return a.rows == c.rows && b_cols == c.cols && a.cols == b_rows && a.batch == c.batch &&
         b.batch == c.batch && a.row_stride >= a.cols && b.row_stride >= b.cols &&
         c.row_stride >= c.cols;
}

/// The operand b that belongs to some columns of C.
inline MatrixBatch<const float> columns_of_b(const Args& args, Range columns) {
  if (args.layout == Layout::abt) {
    return args.b.block(columns.begin, 0, columns.size(), args.b.cols);
  }
  return args.b.block(0, columns.begin, args.b.rows, columns.size());
}

}  // namespace crossover::kernels::matmul
