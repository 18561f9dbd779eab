#pragma once

#include <optional>
#include <string>

#include "kernels/embedding/embedding.h"

namespace crossover::kernels::embedding {

/// Checks every element of out. The product of two floats is exact in double precision and rounded
/// once, so the one value that is right is known: returns nullopt where all elements have it, else
/// the first violation: token, column, value, expected value. NaN is a violation.
/// Requires: a finite table and scale. Cost: tokens*dim products in double.
std::optional<std::string> why_wrong(const Args& args);

}  // namespace crossover::kernels::embedding
