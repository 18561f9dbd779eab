#pragma once

#include "harness/case.h"
#include "harness/family.h"

namespace crossover::experiments {

/// The family "qk_norm_rope": extents rows, heads, kv_heads, head_dim and first_position (0 unless
/// given); tuple heads_kv_dim; settings cache, buffers, isa and those of rotation_settings.h.
harness::FamilyInfo qk_norm_rope_family();

/// Out of place; Q, K and the weights are uniform in [-1, 1). Every variant makes a table of its
/// own, which is part of prepare_seconds, and with cache = cold as cold as Q and K.
harness::Case qk_norm_rope_case(const harness::Cell& cell);

}  // namespace crossover::experiments
