#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "kernels/quant/matmul_q8.h"

namespace crossover::kernels::quant {

/// The largest m*n*k at which every element of C is checked.
inline constexpr double full_check_limit = 1 << 24;

/// Checks C in double precision, by loops and a quantisation of A that no variant shares. Returns
/// nullopt where C is right, else the first violation: row, column, value, expected value, bound.
///
/// With Activations::quantised an element may be off by gamma(k/32 + 9) * sum |d * scale * q * w|,
/// gamma(r) = r*u / (1 - r*u) with u = 2^-24: the integers are exact, a term goes through at most
/// k/32 + 8 roundings, and the one more covers the reference. With Activations::exact by
/// gamma(k + 1) * (|A||W|^T)[i,j]: scale * w has 19 bits and is exact, and a product goes through
/// at most k roundings. Beside them stands what products below the normal range of f32 lose.
/// NaN and infinities are violations, except that a row of A with one of them must give NaN
/// (Activations::exact leaves such rows unchecked). Above full_check_limit: Freivalds' test of all
/// rows with random signs, and the elements of 66 rows, as in kernels/matmul/reference.h, where
/// their bounds are derived.
/// Requires: finite scales; sums within the range of f32; k < 2^22. `seed` determines the signs and
/// the rows. Cost: 4*m*n*k flops in double, or O(mk + kn + mn) + 66*4*n*k; allocates.
/// Source: Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., section 3.5; Freivalds,
/// IFIP 1977; Hoeffding, JASA 58, 1963.
std::optional<std::string> why_wrong(const Args& args, Activations activations, std::uint64_t seed);

/// Checks every element of C against the product of the activations themselves, within the bound
/// that matmul_q8.h states, whatever the variant multiplies. Requires finite activations.
std::optional<std::string> why_far_from_exact(const Args& args);

}  // namespace crossover::kernels::quant
