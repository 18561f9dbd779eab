#pragma once

#include "kernels/softmax/softmax.h"

namespace crossover::kernels::softmax {

// What family.cpp lists; each is defined in the file of its name.
extern const Kernel naive;
extern const Kernel online;
extern const Kernel parallel;
extern const Kernel simd;
extern const Kernel simd_parallel;

/// Parts of an entry for variants that need nothing special.
inline std::optional<std::string> always_supported(const Problem&) { return std::nullopt; }
inline std::unique_ptr<Prepared> prepare_nothing(const Problem&, const NoConstants&,
                                                 const ParallelPolicy&) {
  return std::make_unique<Prepared>();
}
inline std::size_t no_workspace(const Problem&, const ParallelPolicy&) { return 0; }

/// What every variant asserts.
inline bool is_valid(const Args& args) {
  return same_shape<float>(args.x, args.y) && args.scale > 0;
}

}  // namespace crossover::kernels::softmax
