#pragma once

#include "kernels/embedding/embedding.h"

namespace crossover::kernels::embedding {

/// The loop of `naive`, for every scalar variant that starts from it.
void look_up_naive(const Args& args);

}  // namespace crossover::kernels::embedding
