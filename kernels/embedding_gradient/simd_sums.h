#pragma once

#include "kernels/embedding_gradient/sorted_tokens.h"

namespace crossover::kernels::embedding_gradient {

/// The loops of the SIMD variants for one instruction set.
struct SimdSums {
  const char* name;  // "avx3"

  /// Adds n numbers to those at `to`.
  void (*add_row)(const float* from, Index n, float* to);

  /// Writes the sum of the upstream rows of the first `count` tokens, at least one, of some
  /// columns, in their order. Rows of the tokens after them are fetched while these are added.
  void (*sum_group)(const Args& args, std::span<const SortedToken> tokens, std::size_t count,
                    Range columns, float* to);
};

/// Those of the instruction set in use (instruction_set.h).
const SimdSums& simd_sums();

/// They, chosen once.
struct SimdPlan : Prepared {
  SimdPlan() : sums(simd_sums()) {}
  std::optional<std::string> code_path() const override { return sums.name; }

  const SimdSums& sums;
};

inline std::unique_ptr<Prepared> prepare_simd(const Problem&, const NoConstants&,
                                              const ParallelPolicy&) {
  return std::make_unique<SimdPlan>();
}

}  // namespace crossover::kernels::embedding_gradient
