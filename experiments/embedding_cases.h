#pragma once

#include "harness/case.h"
#include "harness/family.h"

namespace crossover::experiments {

/// The family "embedding": extents vocabulary, dim and tokens; the tuple table = VOCABULARYxDIM;
/// settings cache, buffers, isa, ids (uniform, zipf) and scale (none, sqrt_dim).
harness::FamilyInfo embedding_family();

/// The table is uniform in [-1, 1) and ids are drawn at random, the same for every arm on the same
/// problem. With cache = cold every call has ids of its own, and as many tables as it takes to find
/// its rows evicted.
harness::Case embedding_case(const harness::Cell& cell);

}  // namespace crossover::experiments
