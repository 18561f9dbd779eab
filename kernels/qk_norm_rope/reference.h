#pragma once

#include <optional>
#include <string>

#include "kernels/qk_norm_rope/qk_norm_rope.h"

namespace crossover::kernels::qk_norm_rope {

/// Checks both y against norm and rotation in double precision (core/rotation_reference.h), by
/// loops that no variant shares. Returns nullopt where they are right, else the first violation: Q
/// or K, row, head, dimension, value, expected value, bound.
///
/// With n = head_dim, u = 2^-24 and gamma(k) = k*u / (1 - k*u): a sum of squares in f32 in any
/// order is off by gamma(n) of itself (n - 1 additions of products that are rounded, or not with
/// fused multiply-add); the mean adds one rounding and epsilon another one, both terms positive;
/// the root halves that, and it and the reciprocal add one each; factor and weight two more. So a
/// normalised element is off by gamma(n/2 + 5) of itself, and what the rotation makes of that is
/// derived in core/rotation_reference.h. Squares below the normal range lose up to a denormal each,
/// which is nothing beside epsilon. NaN and infinities are violations. Requires: every x is not
/// what its y overwrote: after a call in place, x must be a copy of what it was. Cost: a cosine and
/// a sine in long double per row and pair, 20 flops per element; allocates. Source: Higham,
/// Accuracy and Stability of Numerical Algorithms, 2nd ed., sections 3.1 and 4.2.
std::optional<std::string> why_wrong(const Args& args);

}  // namespace crossover::kernels::qk_norm_rope
