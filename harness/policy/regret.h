#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "harness/policy/measured_shapes.h"
#include "harness/statistics/statistics.h"

namespace crossover::harness {

/// One way of choosing a number of threads.
struct Strategy {
  std::string name;
  std::string rule;  // as a formula or in words
  std::string source;
  bool published = false;  // a rule that others ship
  std::function<int(const Shape&)> threads;
};

/// What a strategy costs against the best choice, over all shapes.
struct RegretFinding {
  std::string name;
  std::string rule;
  std::string source;
  bool published = false;
  double mean = 0;  // T(its choice) / T(best choice) - 1
  Interval mean_ci;
  double p95 = 0;
  Interval p95_ci;
  Shape worst;
  double worst_regret = 0;
  double wrong = 0;              // share of choices that were not the best
  std::size_t approximated = 0;  // choices of a count that was not measured: the nearest one counts
  /// Mean regret of this strategy less that of the first one, with its paired interval; nullopt for
  /// the first one.
  std::optional<Estimate> behind_first;
};

/// Regret at one shape, given which launches count in either half: the best count is chosen on one
/// half, its time and that of `choice` come from the other, and the average is taken over both
/// roles. Launches are independent, so that noise does not look like regret: it is as often
/// negative. `seconds` is [count][launch] as in MeasuredShape.
struct ShapeRegret {
  double regret = 0;
  double wrong = 0;  // 0, 1/2 or 1: in how many of the two roles another count was best
};
ShapeRegret shape_regret(const std::vector<std::vector<double>>& seconds, std::size_t choice,
                         std::span<const std::size_t> first_half,
                         std::span<const std::size_t> second_half);

/// The index of the count nearest to `threads` on a log scale; of two equally near ones the
/// smaller.
std::size_t nearest_count(std::span<const int> counts, int threads);

/// Judges all strategies on the same shapes. Even launches are one half, odd ones the other; a
/// shape with fewer than two launches is left out. Intervals are 95% percentile intervals of
/// `replicates` bootstrap samples over shapes and over the launches of each half, the same draws
/// for all strategies and, of launches, for all shapes (a launch is one set of processes).
/// The same seed gives the same findings. Throws std::invalid_argument without strategies, or
/// where no shape has two launches.
/// Source: Efron & Tibshirani, An Introduction to the Bootstrap, 1993, ch. 13.
std::vector<RegretFinding> judge(const MeasuredShapes& measured,
                                 std::span<const Strategy> strategies, std::uint64_t seed,
                                 std::size_t replicates);

/// A value with its interval against an upper bound: met where all of the interval lies at or
/// below it, missed where none does, else nullopt.
std::optional<bool> at_most(const Interval& ci, double bound);

}  // namespace crossover::harness
