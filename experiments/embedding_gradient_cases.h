#pragma once

#include "harness/case.h"
#include "harness/family.h"

namespace crossover::experiments {

/// The family "embedding_gradient": extents vocabulary, dim and tokens; the tuple table =
/// VOCABULARYxDIM; settings cache, buffers, isa, ids (uniform, zipf) and other_rows (zeroed, kept).
harness::FamilyInfo embedding_gradient_family();

/// Gradients are uniform in [-1, 1) and ids are drawn at random, the same for every arm on the same
/// problem. Throws harness::Unsupported where the tables that cache = cold needs are too large.
harness::Case embedding_gradient_case(const harness::Cell& cell);

}  // namespace crossover::experiments
