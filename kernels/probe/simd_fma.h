#pragma once

#include "kernels/core/matrix.h"

namespace crossover::kernels::probe {

/// Over all lanes: 24 accumulators of 16 lanes, twice; other vector lengths divide it too.
inline constexpr Index multiply_adds_per_iteration = 768;

/// The arithmetic of the probe for one instruction set.
struct FmaLoop {
  const char* name;  // "avx3 24x16"

  /// Computes x <- x * factor + addend in every lane of many registers, without touching memory,
  /// multiply_adds_per_iteration times per iteration over all lanes, on the calling thread. Returns
  /// the sum over all lanes of x's growth: with factor = addend = 1, the steps that really ran.
  double (*run)(Index iterations, float factor, float addend);
};

/// That of the instruction set in use (instruction_set.h).
const FmaLoop& fma_loop();

}  // namespace crossover::kernels::probe
