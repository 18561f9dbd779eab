#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "harness/statistics/crossover.h"
#include "harness/statistics/statistics.h"

namespace crossover::harness {

/// Where the smooth trend of the effects crosses 0, from sizes inside the primary interval.
struct SharpInterval {
  std::optional<double> size;       // estimate of the root; nullopt where it is not a finite number
  std::optional<Interval> sizes;    // Fieller's set at 95%; nullopt where it has no two ends
  Estimate slope;                   // of the log ratio per unit of ln(size), 95%
  std::optional<std::string> flag;  // why `sizes` must not be used: the primary interval stands
};

/// Locates the root of the smooth trend by a line through the effects over x = ln(size). A line is
/// fitted to each of the L launches; the estimate a + b (x0 - mean x) is the mean of the lines. Its
/// variance at x0 is
///   V_launch(x0) / L + V_size (1 / J + (x0 - mean x)^2 / Sxx).
/// V_launch(x0) is the variance over launches of their lines at x0; it sees what all sizes of a
/// launch share. V_size = max(0, s2 - V_within / L) is what single sizes deviate from the trend in
/// every launch, and does not shrink with L: s2 is the residual variance of the J size means around
/// the mean line, V_within that of a launch's effects around its own line and the size means, which
/// V_launch counts already. The interval is Fieller's set: every x0 where the squared estimate is
/// at most t^2 times its variance, t at 97.5% on min(L - 1, J - 2, 4) degrees of freedom, the
/// smallest that any part of the variance has. Flagged where the set is not an interval, where the
/// slope contradicts the direction of `primary`, and where the interval is disjoint from `primary`.
/// Shapes: effects[launch][size], each log(T_against / T_variant); complete launches only.
/// Nullopt for fewer than 4 sizes or 3 launches. Cost: a few operations per effect.
/// Errors: std::invalid_argument where sizes are not positive and strictly ascending, a launch has
/// another number of effects than there are sizes, or an effect is not finite.
/// Source: Fieller, "Some problems in interval estimation", J. R. Statist. Soc. B 16 (1954).
std::optional<SharpInterval> sharp_interval(std::span<const std::int64_t> sizes,
                                            std::span<const std::vector<double>> effects,
                                            const Crossing& primary);

}  // namespace crossover::harness
