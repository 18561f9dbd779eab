#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace crossover::harness {

/// Standard deviation of launch effects, pooled over cells around the mean of each, from the launch
/// effects of A/A pairs: aa_effects[cell][launch]. Nullopt where no cell has two launches.
/// Errors: std::invalid_argument for an effect that is not finite.
std::optional<double> pooled_launch_sd(std::span<const std::vector<double>> aa_effects);

/// The smallest ratio of times, above 1, that a comparison of that many launches finds with
/// probability `power`: its order-statistic interval (median_interval at 95%) then excludes a ratio
/// of 1. Assumes independent normal launch effects of that standard deviation (log scale). An
/// effect d falls on the wrong side of 0 with probability q = Phi(-d / sd); the interval from the
/// k+1-th excludes 0 where at most k of n do, so that d solves P(Binomial(n, q) <= k) = power. The
/// verdict "equivalent" within the margin is not considered. Nullopt below 6 launches, where there
/// is no interval. Errors: std::invalid_argument where launch_sd is negative or not finite, or
/// power is outside (0, 1).
std::optional<double> detectable_ratio(double launch_sd, std::size_t launches, double power = 0.9);

}  // namespace crossover::harness
