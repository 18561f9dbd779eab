#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "harness/statistics/statistics.h"

namespace crossover::harness {

// T(p) = max(W * c / p * imbalance, bytes / BW(p)) + o(p): the time of W units of work on p
// threads, where one unit takes c on one thread; with more threads than cores, W * c is divided by
// the cores. Each part is measured apart: c from the kernel on
// one thread, BW from streaming reads, o from empty parallel regions. None is fitted to T itself,
// so that a prediction can be wrong, and its error says what the model does not know.

/// A value, or the reason why there is none.
template <class T>
struct Answer {
  std::optional<T> value;
  std::string reason;  // empty where there is a value

  static Answer of(T value) { return {std::move(value), {}}; }
  static Answer refused(std::string reason) { return {std::nullopt, std::move(reason)}; }
};

/// Seconds of one thing on a team of so many threads.
struct TeamSeconds {
  int threads = 1;
  double seconds = 0;
};

/// imbalance = ceil(tiles / p) * p / tiles: how much longer the fullest thread works than an equal
/// share would take. 1 where there are no tiles.
double imbalance(double tiles, int threads);

/// T(x) = fixed + per_unit * x, in seconds.
struct LinearCost {
  double fixed = 0;
  double per_unit = 0;

  double operator()(double units) const { return fixed + per_unit * units; }
};

/// o(p), whose unit is a thread: least squares over teams of two and more, as a team of one forks
/// nothing. Refused below three distinct sizes, where a line would fit anything.
Answer<LinearCost> fit_fork_join(std::span<const TeamSeconds> teams);

/// Amdahl's serial fraction s of T(p) = T(1) * (s + (1 - s) / p), by least squares in 1 / p.
/// Refused below three distinct thread counts, where a fixed cost per region looks like a serial
/// part, and where the fit leaves [0, 1].
/// Source: Amdahl, AFIPS 1967.
Answer<double> fit_amdahl(std::span<const TeamSeconds> times);

struct UnitSeconds {
  double units = 0;
  double seconds = 0;  // > 0
};

/// Least squares of the relative errors, so that a small size counts as much as a large one.
/// Refused below three distinct sizes.
Answer<LinearCost> fit_linear_cost(std::span<const UnitSeconds> times);

/// The universal scalability law: speedup(p) = p / (1 + contention (p - 1) + coherency p (p - 1)).
struct ScalabilityLaw {
  double contention = 0;
  double coherency = 0;

  double speedup(int threads) const;
};

/// Least squares of p * T(p), which is linear in the three unknowns. Refused below four distinct
/// thread counts, where nothing would be left to contradict it.
/// Source: Gunther, Guerrilla Capacity Planning, 2007.
Answer<ScalabilityLaw> fit_scalability_law(std::span<const TeamSeconds> times);

/// A range of speedups for a number of threads that was not measured, and what it rests on.
struct SpeedupBand {
  Interval speedup;
  std::string prior;
};

/// What measurements on few threads allow to say about more of them: between all of the loss being
/// serial work (Amdahl) and none of it growing with the team. Not a fit: the prior is stated.
/// Refused without a time on one thread and one on several, and below the threads measured.
Answer<SpeedupBand> extrapolate_speedup(std::span<const TeamSeconds> times, int threads);

/// What is known at one size before anything is compared.
struct ModelPoint {
  double axis_value = 0;               // > 0
  double base_seconds = 0;             // of one call of the serial base
  double kernel_seconds = 0;           // of one call of the variant's kernel on one thread
  double regions = 1;                  // parallel regions per call of the variant
  std::optional<double> tiles;         // pieces that its threads share; null: shared evenly
  std::optional<double> memory_bytes;  // that must come from memory; null: the caches hold them
};

/// The team that the variant runs on.
struct ModelTeam {
  int threads = 2;
  int cores = 2;                 // more threads than these share them
  double fork_join_seconds = 0;  // of one region
  Interval fork_join_range;
  std::optional<double> bytes_per_second;  // BW(p); null: not measured, memory is left out
  double rate_tolerance = 0.1;             // of kernel_seconds: calibrated, not measured
};

/// T(p) of the variant, with a region costing `fork_join_seconds`.
double modelled_seconds(const ModelPoint& point, const ModelTeam& team, double fork_join_seconds);

/// Where the model sees the variant overtake the base. below: it wins at every size; above: at
/// none.
enum class ModelOutcome { crossing, below, above, several };

struct ModelCrossover {
  ModelOutcome outcome = ModelOutcome::above;
  std::vector<double> changes;   // sizes at which the faster one changes, ascending
  std::optional<Interval> band;  // of the changes; null where none can lie in the range
};

/// Looks along the axis, between sizes by interpolating in log time over log size (of tiles and
/// regions, those of the smaller size hold). Changes there and back between which the two sides
/// differ by less than rate_tolerance count as none. The band is where changes lie when a region
/// costs as little, or as much, as its range says and the kernel is that much faster or slower than
/// its tolerance allows, cut to the sizes given. Errors: std::invalid_argument where there are
/// fewer than two points, where axis values do not ascend, where a time is not positive, or for a
/// team of one.
ModelCrossover model_crossover(std::span<const ModelPoint> points, const ModelTeam& team);

}  // namespace crossover::harness
