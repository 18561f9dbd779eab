#pragma once

#include <string>

#include "kernels/matvec/rows.h"

namespace crossover::kernels::matvec {

/// The loops of the SIMD variants for one instruction set; any of them fits any product.
struct SimdRows {
  const char* name;  // "avx3"

  /// Eight rows at once: x is loaded once for all of them. The fastest where A lies in L1, whose
  /// loads are the limit.
  MultiplyRows multiply_eight;

  /// One row after the other, in the order of memory: the fastest where A lies in L2 or near it in
  /// L3, whose prefetcher keeps up with one stream only.
  MultiplyRows multiply_one;

  /// Four rows at once: as many streams from memory, each of which waits for its own lines.
  MultiplyRows multiply_four;
};

/// Those of the instruction set in use (instruction_set.h).
const SimdRows& simd_rows();

/// The loop for a share of a product, chosen once.
struct SimdPlan : Prepared {
  SimdPlan(std::string_view set, int rows, MultiplyRows loop)
      : name(std::string(set) + " " + std::to_string(rows) + (rows == 1 ? " row" : " rows")),
        multiply(loop) {}
  std::optional<std::string> code_path() const override { return name; }

  std::string name;  // "avx3 8 rows"
  MultiplyRows multiply;
};

/// Chooses by what one thread reads of A, as if it came from the nearest cache that holds it.
std::unique_ptr<Prepared> prepare_simd(const Problem& problem, const NoConstants&,
                                       const ParallelPolicy& policy);

}  // namespace crossover::kernels::matvec
