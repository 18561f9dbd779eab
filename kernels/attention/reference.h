#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "kernels/attention/attention.h"

namespace crossover::kernels::attention {

/// Up to so many multiplications of scores and values every query is checked.
inline constexpr double full_check_limit = 0x1p25;

/// What is wrong with args.o, or nullopt: compares with the definition in double precision.
///
/// Derivation of the bound, with u = 2^-24 and gamma(k) = k*u / (1 - k*u). A score is off by at
/// most e[j] = gamma(d+2) * |scale| * sum_p |q[p]*k[j,p]|: d products and additions in any order,
/// and the scale before or after (Higham, Accuracy and Stability of Numerical Algorithms,
/// section 3.1). Subtracting the largest score adds u * (largest - s[j]), also where it is done in
/// several steps as the largest score grows, since the steps add up to the same difference. So a
/// weight is off by a factor within exp(+-E[j]), E[j] = e[j] + 2*u*(largest - s[j]), the 2 for what
/// e[j] changes, and by at most `exp_error` for each exponential, of which online softmax has one
/// more, and a multiplication, for at most one in `least_block` keys. Sums over n keys add gamma(n)
/// to numerator and denominator alike. With r[j] the sum of these relative errors, w the exact
/// weights and R = sum_j w[j]*r[j] < 1, the quotient is off by at most
///   (sum_j w[j]*r[j]*|v[j]| + R * |o|) / (1 - R) + 3*u*|o|.
/// A lost key shows up to some thousand keys of equal weight; beyond, the bound hides it.
/// Requires: finite scores or -infinity, of magnitude below the largest float; finite values where
/// they are seen. Above full_check_limit: 16 queries of every head, both ends among them. `seed`
/// determines them. Cost: 4*head_dim flops in double per pair of a checked query and a seen key.
std::optional<std::string> why_wrong(const Args& args, std::uint64_t seed);

}  // namespace crossover::kernels::attention
