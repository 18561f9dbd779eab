#pragma once

#include "harness/case.h"
#include "harness/family.h"

namespace crossover::experiments {

/// The family "matmul": extents batch, m, n, k; `size` sets m, n and k; tuples nk, mk, mn, mnk;
/// settings cache, buffers, isa, other_pool and layout (ab, or abt: b holds the transpose of B).
harness::FamilyInfo matmul_family();

/// Operands are uniform in [-1, 1), the same for every arm on the same problem. With cache = cold
/// they are rotated through more than the last-level cache; with buffers = per_call the output and
/// the workspace are allocated inside every call. With other_pool = openmp, an OpenMP team of the
/// arm's thread count has run once in the process before the product is called.
harness::Case matmul_case(const harness::Cell& cell);

}  // namespace crossover::experiments
