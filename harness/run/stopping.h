#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "harness/plan/plan.h"
#include "harness/results/evidence.h"
#include "harness/statistics/crossover.h"

namespace crossover::harness {

/// Which problems of a section need more launches: one flag per problem.
using StoppingRule =
    std::function<std::vector<bool>(const SectionPlan& section, const Evidence& evidence)>;

/// One flag per problem: whether its evidence is still too thin. A crossover wants every size
/// signed or equivalent; a comparison wants an interval no wider than the target. Never asks for
/// significance of a difference in a comparison, which would inflate its error rate.
std::vector<bool> wanted_problems(const SectionPlan& section, const Evidence& evidence);

/// The points of one curve for one comparison: only sizes where both arms were measured.
std::vector<CurvePoint> curve_points(const Evidence& evidence, const Pair& pair,
                                     const Curve& curve);

/// What is reported for one comparison on one problem: the median launch effect, a log ratio.
/// Nullopt below six launches, where no interval reaches 95%.
std::optional<Estimate> pair_estimate(const Evidence& evidence, const Pair& pair,
                                      std::size_t problem);

}  // namespace crossover::harness
