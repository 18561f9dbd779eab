#pragma once

#include "harness/results/comparison.h"

namespace crossover::harness {

// What the comparison of two arms and that of two runs share.

/// A cell as the side that did not measure it knows it.
UnmatchedCell unmatched_cell(const SectionPlan& plan, const Evidence& evidence, std::size_t arm,
                             std::size_t problem);

/// Sets the geometric mean, without an interval, from the cells.
void add_mean_of_cells(Comparison& comparison);

}  // namespace crossover::harness
