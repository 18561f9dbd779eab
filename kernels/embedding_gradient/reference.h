#pragma once

#include <optional>
#include <string>

#include "kernels/embedding_gradient/embedding_gradient.h"

namespace crossover::kernels::embedding_gradient {

/// Checks every row of the gradient that an id names against sums in double precision, in an order
/// that no variant shares, and with OtherRows::zeroed that all others are 0. Returns nullopt where
/// all are right, else the first violation: row, column, value, expected value, bound.
///
/// A sum of c terms from zero rounds each at most c - 1 times, so an element may be off by what
/// SumCheck says of so many roundings. What rows held before cannot be known: a test of
/// OtherRows::kept must keep a copy.
/// Requires: finite upstream. Cost: tokens*dim additions in double; allocates a list of the tokens.
std::optional<std::string> why_wrong(const Args& args);

}  // namespace crossover::kernels::embedding_gradient
