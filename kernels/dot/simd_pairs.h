#pragma once

#include "kernels/dot/pairs.h"

namespace crossover::kernels::dot {

/// The loop of the SIMD variants for one instruction set.
struct SimdPairs {
  const char* name;  // "avx3 8x16": sums and lanes of each
  MultiplyPairs multiply;
};

/// That of the instruction set in use (instruction_set.h).
const SimdPairs& simd_pairs();

/// It, chosen once.
struct SimdPlan : Prepared {
  SimdPlan() : pairs(simd_pairs()) {}
  std::optional<std::string> code_path() const override { return pairs.name; }

  const SimdPairs& pairs;
};

inline std::unique_ptr<Prepared> prepare_simd(const Problem&, const NoConstants&,
                                              const ParallelPolicy&) {
  return std::make_unique<SimdPlan>();
}

}  // namespace crossover::kernels::dot
