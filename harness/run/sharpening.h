#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "harness/plan/plan.h"
#include "harness/results/evidence.h"
#include "harness/statistics/crossover.h"

namespace crossover::harness {

/// Up to six sizes strictly inside the bracket, as near to geometric spacing as integers allow,
/// none of them measured before; ascending. Fewer where the bracket holds fewer.
std::vector<std::int64_t> sharpening_sizes(const Crossing& bracket,
                                           std::span<const std::int64_t> measured);

/// What must be measured to sharpen the crossings of a section: for every pair and curve with
/// exactly one crossing, sizes inside its bracket. Appends their problems to the section; a problem
/// that several pairs need is appended once. A bracket that holds fewer than four sizes is as sharp
/// as a line through sizes could make it, and is left alone.
void plan_sharpenings(SectionPlan& section, const Evidence& evidence, const FamilyInfo& family);

}  // namespace crossover::harness
