#pragma once

#include "kernels/core/matrix.h"

namespace crossover::kernels::probe {

/// The arithmetic of the probe for one instruction set.
struct FmaLoop {
  const char* name;  // "avx3 24x16"

  /// Runs the iterations on the calling thread; returns the sum over all lanes of x's growth.
  double (*run)(Index iterations, float factor, float addend);
};

/// That of the instruction set in use (instruction_set.h).
const FmaLoop& fma_loop();

}  // namespace crossover::kernels::probe
