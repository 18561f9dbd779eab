#pragma once

#include "kernels/norm/piece.h"

namespace crossover::kernels::norm {

// What family.cpp lists: a variant of both norms per file.
namespace rms {
extern const Kernel naive;
extern const Kernel parallel;
extern const Kernel simd;
extern const Kernel simd_parallel;
}  // namespace rms
namespace layer {
extern const Kernel naive;
extern const Kernel parallel;
extern const Kernel simd;
extern const Kernel simd_parallel;
}  // namespace layer

/// Parts of an entry for variants that need nothing special.
inline std::optional<std::string> always_supported(const Problem&) { return std::nullopt; }
inline std::size_t no_workspace(const Problem&, const ParallelPolicy&) { return 0; }

/// What every variant must know of its problem.
struct Plan : Prepared {
  explicit Plan(const Problem& problem) : residual(problem.residual) {}

  Residual residual;
};

/// What every variant asserts.
inline bool is_valid(const Args& args, Residual residual) {
  const bool has_h = residual == Residual::none || (same_shape<float>(args.x, args.residual) &&
                                                    same_shape<float>(args.x, args.h));
  return has_h && same_shape<float>(args.x, args.y) && (args.weight || args.x.cols == 0);
}

}  // namespace crossover::kernels::norm
