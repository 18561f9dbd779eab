#pragma once

#include <optional>
#include <string>

#include "kernels/matvec/matvec.h"

namespace crossover::kernels::matvec {

/// Checks every element of y against a sum in double precision, by a loop that no variant shares.
/// Returns nullopt where all are right, else the first violation: row, value, expected, bound.
///
/// A product goes through at most n roundings in f32, its own or a fused one and those of the sums
/// that it is part of, so an element may be off by what SumCheck says of n roundings: nothing where
/// the operands have few bits, else gamma(n) * (|a||x|)[i].
/// Requires: finite operands; n < 2^23. Cost: 2*m*n flops in double; allocates only its answer.
std::optional<std::string> why_wrong(const Args& args);

}  // namespace crossover::kernels::matvec
