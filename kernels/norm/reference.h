#pragma once

#include <optional>
#include <string>

#include "kernels/norm/piece.h"

namespace crossover::kernels::norm {

/// Checks h, where there is a residual, and y against the definition in double precision. Returns
/// nullopt where both are right, else the first violation: row, column, value, expected value,
/// bound. For a call in place, args.x and args.residual are copies of what they were. NaN and
/// infinities are violations.
///
/// h is one addition in f32 and must be that exactly. For y, with u = 2^-24, gamma(k) = k*u / (1 -
/// k*u), n columns and s = 1 / sqrt(mean square or variance + epsilon), all of the h that was
/// written:
/// - RMS norm: n squares, none of them negative, are summed in any order, with relative error
///   gamma(n + 1); the root halves it; division, root and two products add 4*u.
/// - Layer norm: the first mean is off by d0 <= gamma(n) * mean |h|; the mean of the distances to
///   it, which is added, is off by d1 <= gamma(n + 1) * (mean |h - mean| + d0). Those distances
///   change by one rounding each, and their n squares as above, around the first mean: the variance
///   is off by v <= gamma(n + 4) * (variance + d0^2) + 2*d0*d1 + d1^2, and s by the factor 1 + v *
///   s^2 / 2 / (1 - v * s^2) at most. y is off by (d1 + 2*u*(|h - mean| + d0)) * s * |weight| from
///   the distance, and by the error of s, and by 5*u of its terms for the products and additions.
/// Cost: some 10 operations in double per element.
/// Source: Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., sections 1.9, 3.1 and
/// 4.2.
std::optional<std::string> why_wrong(Kind kind, const Args& args, Residual residual);

}  // namespace crossover::kernels::norm
