#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "kernels/matmul/matmul.h"

namespace crossover::kernels::matmul {

/// The largest m*n*k per batch element at which every element of C is checked.
inline constexpr double full_check_limit = 1 << 24;

/// Checks C against A * B in double precision, by loops that no variant shares. Returns nullopt
/// where C is right, else the first violation: batch, row, column, value, expected value, bound.
///
/// An element may be off by gamma(k+1) * (|A||B|)[i,j], where gamma(k) = k*u / (1 - k*u) and u =
/// 2^-24. That holds for f32 sums in any order, blocked, with or without fused multiply-add, since
/// a product goes through at most k roundings; the one more covers the error of the reference. NaN
/// and infinities are violations, so a poisoned C shows what was not written. Above
/// full_check_limit: Freivalds' test, C*x = A*(B*x) with random signs x, of all rows, and the
/// elements of 66 rows. A lost product shows up to about k = 4096; beyond, the bound hides it.
/// Requires: finite operands; k < 2^22. `seed` determines x and the rows.
/// Cost: 4*m*n*k flops in double per batch element, or O(mk + kn + mn) + 66*4*n*k; allocates.
/// Source: Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., section 3.5; Freivalds,
/// IFIP 1977; Hoeffding, JASA 58, 1963, for the sum of errors with random signs.
std::optional<std::string> why_wrong(const Args& args, std::uint64_t seed);

}  // namespace crossover::kernels::matmul
