#pragma once

#include <string>
#include <vector>

#include "harness/cell.h"
#include "harness/plan/extent_axes.h"
#include "harness/plan/plan.h"
#include "harness/plan/section_keys.h"

namespace crossover::harness {

/// The cross product of the axes, without duplicates, ascending in work.
std::vector<Problem> expand_problems(const SectionInput& input,
                                     const std::vector<ExtentAxis>& axes);

/// The key along which the question looks: `axis`, or the only one that varies. Throws ConfigError
/// where there is none or a choice.
std::string axis_of(const SectionInput& input, Question question,
                    const std::vector<ExtentAxis>& axes);

/// Groups the problems by everything but the axis. Throws ConfigError on a group of fewer sizes
/// than the question needs, and where an axis such as size does not describe a problem (its extents
/// differ).
std::vector<Curve> expand_curves(const SectionInput& input, Question question,
                                 const std::string& axis, const std::vector<Problem>& problems);

}  // namespace crossover::harness
