#pragma once

#include "harness/case.h"
#include "harness/family.h"

namespace crossover::experiments {

/// The family "activation": extents rows and cols, settings cache, buffers, isa, function (gelu,
/// gelu_tanh, silu) and gated (none; mul: times another operand, as in GeGLU and SwiGLU).
harness::FamilyInfo activation_family();

/// Operands are uniform in [-1, 1), out of place, the same for every arm on the same problem.
harness::Case activation_case(const harness::Cell& cell);

}  // namespace crossover::experiments
