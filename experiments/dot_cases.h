#pragma once

#include "harness/case.h"
#include "harness/family.h"

namespace crossover::experiments {

/// The family "dot": extents batch (1 unless given) and n; settings cache, buffers and isa.
harness::FamilyInfo dot_family();

/// Operands are -1, -0.5, 0.5 or 1 at random, the same for every arm on the same problem, so that
/// results of up to 7 million elements are exact and checked to the last bit.
harness::Case dot_case(const harness::Cell& cell);

}  // namespace crossover::experiments
