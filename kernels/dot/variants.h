#pragma once

#include "kernels/dot/dot.h"

namespace crossover::kernels::dot {

// What family.cpp lists; each is defined in the file of its name.
extern const Kernel naive;
extern const Kernel unrolled;
extern const Kernel compiler;
extern const Kernel simd;
extern const Kernel parallel;
extern const Kernel simd_parallel;
extern const Kernel openblas;

/// Parts of an entry for variants that need nothing special.
inline std::optional<std::string> always_supported(const Problem&) { return std::nullopt; }
inline std::unique_ptr<Prepared> prepare_nothing(const Problem&, const NoConstants&,
                                                 const ParallelPolicy&) {
  return std::make_unique<Prepared>();
}
inline std::size_t no_workspace(const Problem&, const ParallelPolicy&) { return 0; }

/// Whether the operands fit each other; what every variant asserts.
inline bool shapes_agree(const Args& args) {
  const auto& [x, y, result] = args;
  return x.batch == 1 && y.batch == 1 && x.rows == y.rows && x.cols == y.cols &&
         x.row_stride >= x.cols && y.row_stride >= y.cols &&
         static_cast<Index>(result.size()) == x.rows;
}

}  // namespace crossover::kernels::dot
