#pragma once

#include "kernels/attention/attention.h"

namespace crossover::kernels::attention {

// What family.cpp lists; each is defined in the file of its name, or of its name's beginning.
extern const Kernel naive;
extern const Kernel parallel;
extern const Kernel batched_matmul;
extern const Kernel blocked;
extern const Kernel flash;
extern const Kernel simd;
extern const Kernel simd_parallel;
extern const Kernel composed_openblas;
extern const Kernel composed_onednn;

/// Parts of an entry for variants that need nothing special.
inline std::optional<std::string> why_not_grouped(const Problem& problem) {
  const bool grouped =
      problem.heads == 0 || (problem.kv_heads > 0 && problem.heads % problem.kv_heads == 0);
  if (grouped) return std::nullopt;
  return "heads must be a multiple of kv_heads";
}
inline std::unique_ptr<Prepared> prepare_nothing(const Problem&, const Constants&,
                                                 const ParallelPolicy&) {
  return std::make_unique<Prepared>();
}

/// Whether the operands fit each other; what every variant asserts.
inline bool shapes_agree(const Args& args) {
  const auto& [q, k, v, o, heads, kv_heads, head_dim, scale, mask] = args;
  const Index q_cols = heads * head_dim;
  const Index k_cols = kv_heads * head_dim;
  return q.cols == q_cols && o.cols == q_cols && k.cols == k_cols && v.cols == k_cols &&
         q.rows == o.rows && k.rows == v.rows && q.batch == o.batch && k.batch == o.batch &&
         v.batch == o.batch && q.row_stride >= q_cols && o.row_stride >= q_cols &&
         k.row_stride >= k_cols && v.row_stride >= k_cols &&
         (heads == 0 || (kv_heads > 0 && heads % kv_heads == 0));
}

}  // namespace crossover::kernels::attention
