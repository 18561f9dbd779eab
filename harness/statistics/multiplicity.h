#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace crossover::harness {

// p-values and levels must lie in [0, 1] and (0, 1); all else throws std::invalid_argument with its
// place.

/// Two-sided p-value of the sign test of "the median is 0": min(1, 2 P(Binomial(n, 1/2) <= m)),
/// where m is the smaller of the numbers of values <= 0 and >= 0. A zero counts on both sides,
/// which is conservative. It inverts median_interval: p <= 1 - level' exactly where the interval of
/// achieved level level' excludes 0. Never below 2^(1-n).
/// Errors: std::invalid_argument for no values or a value that is not finite.
/// Source: Conover, Practical Nonparametric Statistics, 3rd ed. (1999), section 3.4.
double sign_test_p(std::span<const double> values);

/// Holm's adjusted p-values in the order of the input: the i-th smallest becomes the largest of
/// min(1, (m - j + 1) p_j) over j <= i. Rejecting those <= alpha keeps the chance of any false
/// rejection at most alpha, whatever the dependence.
/// Source: Holm, Scand. J. Statist. 6 (1979).
std::vector<double> holm_adjusted(std::span<const double> p_values);

/// Benjamini and Hochberg's adjusted p-values (q-values) in the order of the input: the i-th
/// smallest becomes the smallest of min(1, m p_j / j) over j >= i. Rejecting those <= q keeps the
/// expected share of false rejections at most q, for independent or positively dependent tests.
/// Source: Benjamini & Hochberg, J. R. Statist. Soc. B 57 (1995).
std::vector<double> benjamini_hochberg_adjusted(std::span<const double> p_values);

/// How many comparisons of `launches` launches each Holm's rule can carry at alpha: the largest m
/// with m * 2^(1-launches) <= alpha. With more of them none can be significant, whatever was
/// measured. 10 launches carry 25 at 5%, 15 carry 819.
std::size_t most_comparisons(std::size_t launches, double alpha = 0.05);

}  // namespace crossover::harness
