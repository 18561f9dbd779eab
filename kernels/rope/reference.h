#pragma once

#include <optional>
#include <string>

#include "kernels/rope/rope.h"

namespace crossover::kernels::rope {

/// Checks y against the rotation of x in double precision (core/rotation_reference.h), by loops
/// that no variant shares. Returns nullopt where y is right, else the first violation: row, head,
/// dimension, value, expected value, bound.
///
/// With u = 2^-24 and angle t, an element a*c - b*s may be off by (|a| + |b|) * (4u + 2^-48 * |t|)
/// for the cosine and sine and by gamma(2) * (|a*c| + |b*s|) for the arithmetic, with or without
/// fused multiply-add. Dimensions that do not turn must be x bit for bit, NaN aside. NaN and
/// infinities are violations. Requires: finite x that is not what y overwrote: after a call in
/// place, x must be a copy of what it was.
/// Cost: a cosine and a sine in long double per row and pair, 15 flops per element; allocates.
std::optional<std::string> why_wrong(const Args& args);

}  // namespace crossover::kernels::rope
