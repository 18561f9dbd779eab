#pragma once

#include <optional>
#include <string>

#include "kernels/softmax/softmax.h"

namespace crossover::kernels::softmax {

/// Checks y against the softmax of x in double precision. Returns nullopt where y is right, else
/// the first violation: row, column, value, expected value, bound. For a call in place, args.x is a
/// copy of what x was.
///
/// With u = 2^-24, gamma(k) = k*u / (1 - k*u), d = scale * (x - max), n columns and e = 2^-21 for
/// the relative error of any exponential that a variant may use:
/// - d goes through two roundings, which change exp(d) by the factor exp(|d| * gamma(2)) at most;
/// - a sum that is rescaled to a larger maximum is multiplied by another exponential: once per
///   prefix maximum of the row in a single pass, once per block and once per piece elsewhere. So
///   each term has the relative error t(d) = |d| * gamma(2) + (r + 3) * (e + 2*u), r being the
///   number of prefix maxima;
/// - n terms, none of them negative, are summed in any order: gamma(n) more;
/// - the division and its multiplication: 3*u.
/// The bound is y * q / (1 - q), q = t(d) + (mean of t, weighted with y) + gamma(n) + 3*u, and
/// exp(-87) for weights that a variant may flush to 0. Masked entries must be exactly 0, and a row
/// with NaN or +infinity must be NaN throughout.
/// Cost: some exponentials in double per element.
/// Source: Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., chapters 3 and 4;
/// Blanchard, Higham & Higham, IMA J. Numer. Anal. 41(4), 2021, for the shifted softmax.
std::optional<std::string> why_wrong(const Args& args);

}  // namespace crossover::kernels::softmax
