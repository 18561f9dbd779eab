#pragma once

#include "kernels/dot/pairs.h"

namespace crossover::kernels::dot {

/// The loop of `unrolled`, for every scalar variant that starts from it.
void multiply_pairs_unrolled(const Pairs& pairs);

}  // namespace crossover::kernels::dot
