#pragma once

#include "harness/case.h"
#include "harness/family.h"

namespace crossover::experiments {

/// The family "attention": extents batch, heads, kv_heads, query_len, key_len, head_dim; `length`
/// sets both lengths, `all_heads` both kinds of heads, the tuple `head_groups = 8x2` each of them;
/// settings cache, buffers, isa, mask (none, causal, window, causal_window), window in positions,
/// and matmul: the variant of that family that batched_matmul multiplies with.
harness::FamilyInfo attention_family();

/// Operands are uniform in [-1, 1), the same for every arm on the same problem, and the scale is
/// 1/sqrt(head_dim). flops are 4*head_dim for each pair of a query and a key that it sees; bytes
/// are queries, results and the keys and values that any query sees, once.
harness::Case attention_case(const harness::Cell& cell);

}  // namespace crossover::experiments
