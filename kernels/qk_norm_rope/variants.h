#pragma once

#include <algorithm>
#include <cassert>

#include "kernels/core/head_range.h"
#include "kernels/core/rope_table.h"
#include "kernels/qk_norm_rope/qk_norm_rope.h"

namespace crossover::kernels::qk_norm_rope {

// What family.cpp lists; each is defined in the file of its name. A table of cosines and sines
// counts as Packing::prepacked: it is made beforehand, and may be as cold as the operands.
extern const Kernel separate;
extern const Kernel fused;
extern const Kernel separate_simd;
extern const Kernel fused_simd;
extern const Kernel separate_simd_parallel;
extern const Kernel fused_simd_parallel;

inline std::optional<std::string> why_unsupported(const Problem& problem) {
  return why_invalid(problem.rotation, problem.head_dim);
}

inline std::unique_ptr<Prepared> prepare_table(const Problem& problem, const Constants& constants,
                                               const ParallelPolicy&) {
  return std::make_unique<PreparedTable>(problem.rotation, problem.positions, constants.table);
}

inline std::size_t no_workspace(const Problem&, const ParallelPolicy&) { return 0; }

/// Whether the operands fit each other; what every variant asserts.
inline bool shapes_agree(const Args& args) {
  const Index rows = args.q.x.rows;
  const auto agrees = [&](const Operand& operand) {
    const Index cols = operand.heads * args.head_dim;
    return operand.x.batch == 1 && operand.y.batch == 1 && operand.x.rows == rows &&
           operand.y.rows == rows && operand.x.cols == cols && operand.y.cols == cols &&
           operand.x.row_stride >= cols && operand.y.row_stride >= cols;
  };
  return agrees(args.q) && agrees(args.k) &&
         (args.positions.each.empty() || static_cast<Index>(args.positions.each.size()) == rows);
}

/// The heads of Q and K of all rows, counted through.
inline Index heads_of_all_rows(const Args& args) {
  return args.q.x.rows * (args.q.heads + args.k.heads);
}

/// Calls visit(operand, row, Range of its heads) for what a share of heads_of_all_rows() covers.
template <class Visit>
void for_each_run_of_heads(const Args& args, Range share_of_heads, const Visit& visit) {
  const Index of_q = args.q.heads;
  for_each_row(share_of_heads, of_q + args.k.heads, [&](Index row, Range heads) {
    if (heads.begin < of_q) visit(args.q, row, Range{heads.begin, std::min(heads.end, of_q)});
    if (heads.end > of_q) {
      visit(args.k, row, Range{std::max(heads.begin, of_q) - of_q, heads.end - of_q});
    }
  });
}

}  // namespace crossover::kernels::qk_norm_rope
