#pragma once

#include "kernels/qk_norm_rope/variants.h"

namespace crossover::kernels::qk_norm_rope {

/// Heads of one row, head_dim elements apart in x and in y. y is x or does not overlap it.
struct Heads {
  const float* x;
  float* y;
  Index count;
  Index head_dim;  // > 0
};

/// The weights and epsilon of an RMSNorm.
struct Norm {
  const float* weight;  // [head_dim]
  float epsilon;
};

/// A rotation at one position.
struct Angles {
  const Rotation& rotation;
  const float* cosines;  // [rotary_dim / 2]
  const float* sines;    // [rotary_dim / 2]
};

/// The arithmetic for one instruction set.
struct HeadKernels {
  void (*normalise)(const Heads& heads, const Norm& norm);
  void (*rotate)(const Heads& heads, const Angles& angles);
  void (*normalise_and_rotate)(const Heads& heads, const Norm& norm, const Angles& angles);
};

/// Those of the instruction set in use (instruction_set.h).
const HeadKernels& head_kernels();

/// A table, and the code that turns by it. Each function does its part for a share of
/// heads_of_all_rows(). Requires args.head_dim > 0.
class SimdTable : public PreparedTable {
 public:
  SimdTable(const Problem& problem, const Constants& constants);

  void normalise_share(const Args& args, Range share_of_heads) const;

  /// Turns y in place.
  void rotate_share(const Args& args, Range share_of_heads) const;

  void normalise_and_rotate_share(const Args& args, Range share_of_heads) const;

 private:
  const HeadKernels& kernels_;
};

std::unique_ptr<Prepared> prepare_simd_table(const Problem& problem, const Constants& constants,
                                             const ParallelPolicy&);

}  // namespace crossover::kernels::qk_norm_rope
