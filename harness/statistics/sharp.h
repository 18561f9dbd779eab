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
/// fitted to each of the L launches; the estimate a + b u, u = x - mean x, is the mean of the
/// lines. Its variance at u is
///   V_size (1 / J + u^2 / Sxx) + max(0, V_launch(u) - V_within (1 / J + u^2 / Sxx)) / L.
///
/// V_size is the residual variance of the J size means around the mean line: what single sizes
/// deviate from the trend in every launch, which does not shrink with L, and the noise that is left
/// in the means. V_launch(u) is the variance over launches of their lines at u, which sees what the
/// sizes of a launch share and residuals do not; of it the noise of single effects around the
/// lines, V_within, is taken off, which V_size holds already (level and slope each cut off at 0).
///
/// A trend that bends leaves the line: c^2, the square of the coefficient of u^2 in the residuals
/// less what chance makes of it, adds the square of its effect on the line at the root.
///
/// The interval is Fieller's set: every size where the squared estimate is at most t^2 times its
/// variance, t at 97.5%; degrees of freedom by Satterthwaite from J - 2 for the first part and L -
/// 1 for the second, at the root. Flagged where the set is not an interval, where the slope
/// contradicts the direction of `primary`, and where the interval is disjoint from `primary`.
///
/// Coverage: `crossover simulate`. Where the slope stands out by chance only, so that the set is
/// seldom bounded, the rare bounded ones cover less; no method that gives finite intervals can
/// avoid it (Gleser & Hwang, Ann. Statist. 15, 1987).
///
/// Shapes: effects[launch][size], each log(T_against / T_variant); complete launches only.
/// Nullopt for fewer than 4 sizes or 3 launches. Cost: a few operations per effect.
/// Errors: std::invalid_argument where sizes are not positive and strictly ascending, a launch has
/// another number of effects than there are sizes, or an effect is not finite.
/// Source: Fieller, "Some problems in interval estimation", J. R. Statist. Soc. B 16 (1954).
std::optional<SharpInterval> sharp_interval(std::span<const std::int64_t> sizes,
                                            std::span<const std::vector<double>> effects,
                                            const Crossing& primary);

}  // namespace crossover::harness
