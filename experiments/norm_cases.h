#pragma once

#include "harness/case.h"
#include "harness/family.h"

namespace crossover::experiments {

/// The families "rms_norm" and "layer_norm": extents rows and cols, settings cache, buffers, isa
/// and residual (none; fused and separate: x + residual is written and normalised).
harness::FamilyInfo rms_norm_family();
harness::FamilyInfo layer_norm_family();

/// Operands are uniform in [-1, 1), out of place, the same for every arm on the same problem; layer
/// norm has a bias.
harness::Case rms_norm_case(const harness::Cell& cell);
harness::Case layer_norm_case(const harness::Cell& cell);

}  // namespace crossover::experiments
