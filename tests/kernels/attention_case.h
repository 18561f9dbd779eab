#pragma once

#include <cmath>
#include <fmt/format.h>
#include <optional>
#include <string>

#include "kernels/attention/reference.h"
#include "model/transformer/matmul_products.h"
#include "tests/kernels/forced_instruction_set.h"
#include "tests/kernels/guarded_matrix.h"
#include "tests/kernels/workspace.h"

namespace crossover::kernels::test {

/// One attention with operands of its own.
struct AttentionCase {
  attention::Problem problem;
  Layout layout = {};
  float scale = 0.3F;

  std::string describe() const {
    const auto& p = problem;
    return fmt::format(
        "batch {} heads {}/{} query_len {} key_len {} head_dim {} mask {} window {}, padding {}, "
        "end gap {}",
        p.batch, p.heads, p.kv_heads, p.query_len, p.key_len, p.head_dim,
        static_cast<int>(p.mask.kind), p.mask.window, layout.row_padding, layout.end_gap);
  }
};

/// Queries, keys and values at random, results poisoned.
struct AttentionOperands {
  explicit AttentionOperands(const AttentionCase& c)
      : q(c.problem.batch, c.problem.query_len, c.problem.heads * c.problem.head_dim, c.layout),
        k(c.problem.batch, c.problem.key_len, c.problem.kv_heads * c.problem.head_dim, c.layout),
        v(c.problem.batch, c.problem.key_len, c.problem.kv_heads * c.problem.head_dim, c.layout),
        o(c.problem.batch, c.problem.query_len, c.problem.heads * c.problem.head_dim, c.layout),
        args_{q.view(),           k.view(),           v.view(), o.view(),      c.problem.heads,
              c.problem.kv_heads, c.problem.head_dim, c.scale,  c.problem.mask} {
    q.fill_random(1);
    k.fill_random(2);
    v.fill_random(3);
  }

  const attention::Args& args() const { return args_; }

  GuardedMatrix q;
  GuardedMatrix k;
  GuardedMatrix v;
  GuardedMatrix o;

 private:
  attention::Args args_;
};

/// The product that a variant is tested with, or nullptr for those that need none.
inline const matmul::Kernel* product_of(const attention::Kernel& kernel) {
  if (kernel.name == "composed_openblas") return matmul::find("openblas");
  if (kernel.name == "composed_onednn") return matmul::find("onednn");
  return kernel.name == "batched_matmul" ? matmul::find("simd") : nullptr;
}

/// Runs the kernel as the contract demands.
inline void run(const attention::Kernel& kernel, const attention::Problem& problem,
                const attention::Args& args, const ParallelPolicy& policy) {
  attention::Constants constants;
  if (const matmul::Kernel* product = product_of(kernel)) {
    constants.product = model::attention_products(*product);
  }
  const auto prepared = kernel.prepare(problem, constants, policy);
  const Workspace workspace(kernel.workspace_bytes(problem, policy));
  kernel.run(args, *prepared, workspace.span(), policy);
}

/// What is wrong with the kernel on this case, or nullopt.
inline std::optional<std::string> why_wrong(const attention::Kernel& kernel, const AttentionCase& c,
                                            const ParallelPolicy& policy) {
  AttentionOperands operands(c);
  run(kernel, c.problem, operands.args(), policy);
  std::optional<std::string> why = attention::why_wrong(operands.args(), 3);
  if (!why && !operands.o.guards_untouched()) why = "wrote beside O";
  if (!why && !operands.q.untouched()) why = "wrote to Q";
  if (!why && !operands.k.untouched()) why = "wrote to K";
  if (!why && !operands.v.untouched()) why = "wrote to V";
  if (!why) return std::nullopt;
  return fmt::format("{} [{}, threads {}, {}]: {}", kernel.name, instruction_set(), policy.threads,
                     c.describe(), *why);
}

}  // namespace crossover::kernels::test
