#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "harness/plan/plan.h"
#include "harness/simulation/timing_model.h"
#include "harness/statistics/crossover.h"
#include "harness/statistics/sharp.h"
#include "harness/statistics/statistics.h"

namespace crossover::harness {

/// The analysis that is judged. Defaults are what a run uses; a test puts a broken one in its place.
struct Method {
  std::function<CrossoverResult(std::span<const CurvePoint>, std::size_t looks, double margin)>
      locate = locate_crossover;
  std::function<std::optional<SharpInterval>(std::span<const std::int64_t>,
                                             std::span<const std::vector<double>>,
                                             const Crossing&)>
      sharpen = sharp_interval;
  std::function<std::optional<Estimate>(std::span<const double>, double level)> compare =
      median_interval;
};

/// What one repetition of a simulated experiment gave, beside what was true.
struct Record {
  // question = crossover
  Outcome outcome = Outcome::unresolved;
  std::size_t brackets = 0;              // named by the result, candidates included
  std::optional<bool> signs_right;       // every bracket's ends have the true signs; with a bracket
  std::optional<bool> holds_smooth_root; // the bracket does; with one crossing and a known root
  std::optional<bool> flagged;           // the sharp interval; where there was one
  std::optional<bool> sharp_covers;      // the smooth root; where not flagged
  std::optional<double> half_width;      // of the interval that stands, in ln(size); one crossing
  double quartets = 0;                   // of the compared pair, grid and sharpening
  // question = compare
  std::optional<Verdict> verdict;
};

/// One experiment on synthetic timings: the plan's only section is checked, measured with its looks
/// and its stopping rule, and analysed. The plan's seed sets the randomness of both sides.
Record simulate_once(const Plan& plan, const TimingModel& model, const Method& method);

/// The plan of a config about the synthetic family. Throws ConfigError.
Plan synthetic_plan(const std::string& config);

}  // namespace crossover::harness
