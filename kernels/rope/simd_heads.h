#pragma once

#include "kernels/core/head_range.h"
#include "kernels/rope/variants.h"

namespace crossover::kernels::rope {

/// The arithmetic for one instruction set.
struct HeadKernels {
  /// Turns `heads` heads of one row, head_dim elements apart in x and in y, by the angles of
  /// `cosines` and `sines` [rotary_dim / 2]. y is x or does not overlap it.
  void (*rotate)(const Rotation& rotation, const float* cosines, const float* sines, Index heads,
                 Index head_dim, const float* x, float* y);

  /// Computes cosines and sines [pairs] at a position. quarter_turns [pairs] are the frequencies
  /// times 2 / pi. Each angle is reduced to at most a quarter of pi in double, where position *
  /// quarter_turns is right to 2^-48 of itself; from there on f32 suffices. Requires position *
  /// quarter_turns < 2^31, which holds for every position below 2^31 as no frequency exceeds 1.
  /// Error: below 3u + 2^-48 * |angle|, u = 2^-24.
  /// Source: the polynomials of sinf and cosf in Cephes (S. Moshier, 1989).
  void (*compute)(const double* quarter_turns, Index pairs, Index position, float* cosines,
                  float* sines);
};

/// Those of the instruction set in use (instruction_set.h).
const HeadKernels& head_kernels();

/// A table, and the code that turns by it.
class SimdTable : public PreparedTable {
 public:
  SimdTable(const Problem& problem, const Constants& constants);

  /// Turns a share of the heads of all rows (core/head_range.h). Requires heads > 0.
  void rotate_share(const Args& args, Range share_of_heads) const;

 private:
  const HeadKernels& kernels_;
};

std::unique_ptr<Prepared> prepare_simd_table(const Problem& problem, const Constants& constants,
                                             const ParallelPolicy&);

}  // namespace crossover::kernels::rope
