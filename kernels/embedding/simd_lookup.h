#pragma once

#include "kernels/embedding/embedding.h"

namespace crossover::kernels::embedding {

/// The loop of the SIMD variants for one instruction set.
struct SimdLookup {
  const char* name;  // "avx3"
  void (*look_up)(const Args& args);
};

/// That of the instruction set in use (instruction_set.h).
const SimdLookup& simd_lookup();

/// It, chosen once.
struct SimdPlan : Prepared {
  SimdPlan() : lookup(simd_lookup()) {}
  std::optional<std::string> code_path() const override { return lookup.name; }

  const SimdLookup& lookup;
};

inline std::unique_ptr<Prepared> prepare_simd(const Problem&, const NoConstants&,
                                              const ParallelPolicy&) {
  return std::make_unique<SimdPlan>();
}

}  // namespace crossover::kernels::embedding
