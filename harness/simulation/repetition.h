#pragma once

#include <functional>
#include <optional>
#include <string>

#include "harness/plan/plan.h"
#include "harness/results/curve_analysis.h"
#include "harness/results/pair_verdict.h"
#include "harness/simulation/timing_model.h"
#include "harness/statistics/statistics.h"

namespace crossover::harness {

/// The analysis that is judged. The defaults are what a run uses; a test puts a broken one in their
/// place to see it caught.
struct Method {
  std::function<CurveAnalysis(const SectionPlan&, const Evidence&, const Pair&, std::size_t curve)>
      analyse = analyse_curve;
  std::function<Verdict(const PairEffects& effects, double margin)> verdict = pair_verdict;
};

/// What one repetition of a simulated experiment gave, beside what was true. Null where the
/// question does not arise.
struct Record {
  // question = crossover
  Outcome outcome = Outcome::unresolved;
  std::size_t brackets = 0;               // named by the result, candidates included
  std::optional<bool> signs_right;        // the true signs at both ends of every bracket named
  std::optional<bool> holds_smooth_root;  // the bracket does; one crossing and a known root
  std::optional<bool> flagged;            // the sharp interval is; where there is one
  std::optional<bool> sharp_covers;       // the smooth root; where not flagged
  std::optional<double> half_width;       // in ln(size), of the interval that stands; one crossing
  double quartets = 0;                    // of the compared pair, grid and sharpening
  // question = compare
  std::optional<Verdict> verdict;
};

/// The plan of a config about the synthetic family, with a budget that never ends a run.
/// Throws ConfigError.
Plan synthetic_plan(const std::string& config);

/// One experiment on synthetic timings: the only section of the plan is checked, measured with its
/// looks, its stopping rule and its sharpening by the Runner, and analysed. The seed of the plan
/// sets the randomness of both sides. Cost: about 2 ms for a crossover over 11 sizes.
Record simulate_once(Plan plan, const TimingModel& model, const Method& method);

}  // namespace crossover::harness
