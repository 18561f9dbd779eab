#pragma once

#include <fmt/format.h>
#include <optional>
#include <string>

#include "kernels/matmul/dispatch_policy.h"
#include "kernels/matmul/reference.h"
#include "tests/kernels/forced_instruction_set.h"
#include "tests/kernels/guarded_matrix.h"
#include "tests/kernels/workspace.h"

namespace crossover::kernels::test {

/// One product with operands of its own.
struct MatmulCase {
  matmul::Problem problem;
  Layout layout;
  bool shared_b = false;

  std::string describe() const {
    return fmt::format("batch {} m {} n {} k {}{}, padding {}, end gap {}{}", problem.batch,
                       problem.m, problem.n, problem.k, transposed() ? ", B transposed" : "",
                       layout.row_padding, layout.end_gap, shared_b ? ", shared B" : "");
  }

  bool transposed() const { return problem.layout == matmul::Layout::abt; }
};

/// Operands A and B at random, C poisoned.
struct Operands {
  explicit Operands(const MatmulCase& c)
      : a(c.problem.batch, c.problem.m, c.problem.k, c.layout),
        b(c.problem.batch, c.transposed() ? c.problem.n : c.problem.k,
          c.transposed() ? c.problem.k : c.problem.n, b_layout(c)),
        c(c.problem.batch, c.problem.m, c.problem.n, c.layout),
        layout(c.problem.layout) {
    a.fill_random(1);
    b.fill_random(2);
  }

  matmul::Args args() const { return {a.view(), b.view(), c.view(), layout}; }

  GuardedMatrix a;
  GuardedMatrix b;
  GuardedMatrix c;
  matmul::Layout layout;

 private:
  static Layout b_layout(const MatmulCase& c) {
    Layout layout = c.layout;
    layout.shared = c.shared_b;
    return layout;
  }
};

/// A policy that chooses every count of threads somewhere among small shapes.
inline const matmul::DispatchPolicy& small_policy() {
  static const matmul::DispatchPolicy policy{
      0, 0, 2, 2, {{2, {8, 7, 6, 5}}, {3, {9, 8, 7, 6}}, {5, {10, 9, 8, 7}}}};
  return policy;
}

/// Runs the kernel as the contract demands.
inline void run(const matmul::Kernel& kernel, const matmul::Problem& problem,
                const matmul::Args& args, const ParallelPolicy& policy) {
  const auto prepared = kernel.prepare(problem, {args.b, &small_policy()}, policy);
  const Workspace workspace(kernel.workspace_bytes(problem, policy));
  kernel.run(args, *prepared, workspace.span(), policy);
}

/// What is wrong with the kernel on this case, or nullopt.
inline std::optional<std::string> why_wrong(const matmul::Kernel& kernel, const MatmulCase& c,
                                            const ParallelPolicy& policy) {
  Operands operands(c);
  run(kernel, c.problem, operands.args(), policy);
  std::optional<std::string> why = matmul::why_wrong(operands.args(), 3);
  if (!why && !operands.c.guards_untouched()) why = "wrote beside C";
  if (!why && !operands.a.untouched()) why = "wrote to A";
  if (!why && !operands.b.untouched()) why = "wrote to B";
  if (!why) return std::nullopt;
  return fmt::format("{} [{}, threads {}, {}]: {}", kernel.name, instruction_set(), policy.threads,
                     c.describe(), *why);
}

}  // namespace crossover::kernels::test
