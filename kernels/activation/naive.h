#pragma once

#include "kernels/activation/piece.h"

namespace crossover::kernels::activation {

/// The formula in a loop without SIMD.
Loop scalar_loop(Function function, Gated gated);

}  // namespace crossover::kernels::activation
