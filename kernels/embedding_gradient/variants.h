#pragma once

#include "kernels/embedding_gradient/embedding_gradient.h"

namespace crossover::kernels::embedding_gradient {

// What family.cpp lists; each is defined in the file of its name.
extern const Kernel naive;
extern const Kernel sorted;
extern const Kernel simd_in_order;
extern const Kernel simd;
extern const Kernel parallel;
extern const Kernel atomic;
extern const Kernel simd_parallel;

/// Parts of an entry for variants that need nothing special.
std::optional<std::string> why_unsupported(const Problem& problem);
inline std::unique_ptr<Prepared> prepare_nothing(const Problem&, const NoConstants&,
                                                 const ParallelPolicy&) {
  return std::make_unique<Prepared>();
}
inline std::size_t no_workspace(const Problem&, const ParallelPolicy&) { return 0; }

/// Whether the operands fit each other and every id has a row; what every variant asserts.
inline bool is_valid(const Args& args) {
  const auto& [upstream, ids, gradient, other_rows] = args;
  return upstream.batch == 1 && gradient.batch == 1 && upstream.cols == gradient.cols &&
         static_cast<Index>(ids.size()) == upstream.rows && upstream.row_stride >= upstream.cols &&
         gradient.row_stride >= gradient.cols && !why_ids_invalid(ids, gradient.rows);
}

}  // namespace crossover::kernels::embedding_gradient
