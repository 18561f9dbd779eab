#pragma once

#include <map>
#include <optional>
#include <span>

#include "harness/statistics/statistics.h"

namespace crossover::harness {

/// One cell in one stored run.
struct StoredCell {
  std::span<const double> log_launch_medians;  // ln of seconds per call, one per launch
  std::span<const double> aa_log_effects;      // median effects of the run's A/A pairs, any cells
};

/// The log ratio of times log(T_a / T_b) of the same cell in two runs that were not interleaved,
/// with Welch's interval at 1 - alpha and a between-run term:
///   value = mean(a) - mean(b);  variance = s_a^2 / n_a + s_b^2 / n_b + tau^2.
/// tau^2 is the mean square of the A/A effects of both runs: what two runs of the same code differ
/// by even when interleaved, so a lower bound on what separates runs at different times. Degrees of
/// freedom by Satterthwaite: n - 1 for each run, the number of A/A effects for tau^2.
/// Nullopt where a run has fewer than 2 launches of the cell or neither has an A/A effect.
/// Errors: std::invalid_argument for a value that is not finite or an alpha outside (0, 1).
/// Source: Welch, Biometrika 34 (1947); Satterthwaite, Biometrics Bulletin 2 (1946).
std::optional<Estimate> unpaired_interval(const StoredCell& a, const StoredCell& b,
                                          double alpha = 0.05);

/// The mean log ratio over many cells (the logarithm of the geometric mean of their ratios) with
/// Student's interval at 1 - alpha over launches. cells[i] holds the launch effects of one cell by
/// launch. Only launches that every cell has are used: cells differ in their effect, so that a
/// launch without one of them is the mean of something else.
/// Nullopt for no cells or fewer than 2 such launches.
/// Errors: std::invalid_argument for an effect that is not finite or an alpha outside (0, 1).
std::optional<Estimate> geometric_mean_interval(std::span<const std::map<int, double>> cells,
                                                double alpha = 0.05);

}  // namespace crossover::harness
