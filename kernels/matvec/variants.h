#pragma once

#include "kernels/matvec/matvec.h"

namespace crossover::kernels::matvec {

// What family.cpp lists; each is defined in the file of its name.
extern const Kernel naive;
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
  const auto& [a, x, y] = args;
  return a.batch == 1 && a.row_stride >= a.cols && static_cast<Index>(x.size()) == a.cols &&
         static_cast<Index>(y.size()) == a.rows;
}

}  // namespace crossover::kernels::matvec
