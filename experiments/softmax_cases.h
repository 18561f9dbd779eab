#pragma once

#include "harness/case.h"
#include "harness/family.h"

namespace crossover::experiments {

/// The family "softmax": extents rows and cols, settings cache, buffers and isa.
harness::FamilyInfo softmax_family();

/// Scores are uniform in [-1, 1) and scaled by 8, out of place, the same for every arm on the same
/// problem.
harness::Case softmax_case(const harness::Cell& cell);

}  // namespace crossover::experiments
