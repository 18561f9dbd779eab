#pragma once

#include <cassert>

#include "kernels/core/rope_table.h"
#include "kernels/rope/rope.h"

namespace crossover::kernels::rope {

// What family.cpp lists; each is defined in the file of its name. A table of cosines and sines
// counts as Packing::prepacked: it is made beforehand, and may be as cold as the operands.
extern const Kernel naive;
extern const Kernel cached;
extern const Kernel parallel;
extern const Kernel simd;
extern const Kernel simd_computed;
extern const Kernel simd_parallel;

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
  const bool covers_rows =
      args.positions.each.empty() || static_cast<Index>(args.positions.each.size()) == args.x.rows;
  return args.x.batch == 1 && args.y.batch == 1 && args.x.rows == args.y.rows &&
         args.x.cols == args.y.cols && args.heads >= 0 &&
         (args.heads == 0 ? args.x.cols == 0 : args.x.cols % args.heads == 0) &&
         args.x.row_stride >= args.x.cols && args.y.row_stride >= args.y.cols && covers_rows;
}

/// Requires args.heads > 0.
inline Index head_dim_of(const Args& args) { return args.x.cols / args.heads; }

}  // namespace crossover::kernels::rope
