#pragma once

#include "harness/case.h"
#include "harness/family.h"

namespace crossover::experiments {

/// The family "matvec": extents m and n; `size` sets both, the tuple mn each; settings cache,
/// buffers and isa.
harness::FamilyInfo matvec_family();

/// Operands are -1, -0.5, 0.5 or 1 at random, the same for every arm on the same problem, so that
/// results are exact and checked to the last bit.
harness::Case matvec_case(const harness::Cell& cell);

}  // namespace crossover::experiments
