#pragma once

#include "harness/case.h"
#include "harness/family.h"

namespace crossover::experiments {

/// The family "rope": extents rows, heads, head_dim and first_position (0 unless given); tuple
/// heads_dim; settings cache, buffers, isa and those of rotation_settings.h.
harness::FamilyInfo rope_family();

/// Out of place; x is uniform in [-1, 1). Every variant with a table makes its own, which is part
/// of prepare_seconds, and with cache = cold as cold as x.
harness::Case rope_case(const harness::Cell& cell);

}  // namespace crossover::experiments
