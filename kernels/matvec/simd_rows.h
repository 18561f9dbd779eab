#pragma once

#include "kernels/matvec/rows.h"

namespace crossover::kernels::matvec {

/// The loop of the SIMD variants for one instruction set.
struct SimdRows {
  const char* name;  // "avx3 8x16": rows at once and lanes
  MultiplyRows multiply;
};

/// That of the instruction set in use (instruction_set.h).
const SimdRows& simd_rows();

/// It, chosen once.
struct SimdPlan : Prepared {
  SimdPlan() : rows(simd_rows()) {}
  std::optional<std::string> code_path() const override { return rows.name; }

  const SimdRows& rows;
};

inline std::unique_ptr<Prepared> prepare_simd(const Problem&, const NoConstants&,
                                              const ParallelPolicy&) {
  return std::make_unique<SimdPlan>();
}

}  // namespace crossover::kernels::matvec
