#pragma once

#include <cstddef>
#include <optional>

#include "harness/plan/plan.h"
#include "harness/results/evidence.h"
#include "harness/statistics/crossover.h"
#include "harness/statistics/sharp.h"

namespace crossover::harness {

/// Everything that the evidence says of one crossover.
struct CurveAnalysis {
  CrossoverResult located;
  std::optional<SharpInterval> sharp;  // where its bracket was sharpened in at least 3 launches
  /// Change of the log ratio per unit of ln(size) at the crossing: of the line through the
  /// sharpening sizes, else of the chord over the bracket. Null without exactly one crossing.
  std::optional<double> slope;
};

/// Analyses one pair of arms on one curve of the section.
CurveAnalysis analyse_curve(const SectionPlan& section, const Evidence& evidence, const Pair& pair,
                            std::size_t curve);

}  // namespace crossover::harness
