#pragma once

#include <fmt/format.h>
#include <optional>
#include <string>
#include <vector>

#include "kernels/core/rope_table.h"
#include "kernels/rope/reference.h"
#include "kernels/rope/rope.h"
#include "tests/kernels/forced_instruction_set.h"
#include "tests/kernels/guarded_matrix.h"
#include "tests/kernels/workspace.h"

namespace crossover::kernels::test {

/// One rotation with operands of its own.
struct RopeCase {
  rope::Problem problem;
  Layout layout = {};
  std::vector<std::int32_t> each = {};  // positions, or none
  bool in_place = false;

  std::string describe() const {
    return fmt::format(
        "rows {} heads {} head_dim {} rotary_dim {} {}, position {}{}, padding {}, end gap {}{}",
        problem.rows, problem.heads, problem.head_dim, problem.rotation.rotary_dim,
        problem.rotation.pairing == Pairing::halves ? "halves" : "interleaved",
        problem.positions.first, each.empty() ? "" : " and others", layout.row_padding,
        layout.end_gap, in_place ? ", in place" : "");
  }
};

inline rope::Problem rope_problem(Index rows, Index heads, Index head_dim, Index rotary_dim,
                                  Pairing pairing, Index first = 0) {
  rope::Problem problem{rows, heads, head_dim, {}, {first, rows}};
  problem.rotation.rotary_dim = rotary_dim;
  problem.rotation.pairing = pairing;
  return problem;
}

/// Runs the kernel as the contract demands. The table covers what the problem says.
inline void run(const rope::Kernel& kernel, const rope::Problem& problem, const rope::Args& args,
                const ParallelPolicy& policy, const RopeTable* table = nullptr) {
  const auto prepared = kernel.prepare(problem, {table}, policy);
  const Workspace workspace(kernel.workspace_bytes(problem, policy));
  kernel.run(args, *prepared, workspace.span(), policy);
}

/// What is wrong with the kernel on this case, or nullopt.
inline std::optional<std::string> why_wrong(const rope::Kernel& kernel, const RopeCase& c,
                                            const ParallelPolicy& policy) {
  const Index cols = c.problem.heads * c.problem.head_dim;
  GuardedMatrix x(1, c.problem.rows, cols, c.layout);
  GuardedMatrix y(1, c.problem.rows, cols, c.layout);
  x.fill_random(1);
  if (c.in_place) y.fill_random(1);
  const rope::Args args = {
      x.view(), y.view(), c.problem.heads, {c.problem.positions.first, c.each}, c.problem.rotation};
  rope::Args call = args;
  if (c.in_place) call.x = y.view();
  run(kernel, c.problem, call, policy);
  std::optional<std::string> why = rope::why_wrong(args);
  if (!why && !y.guards_untouched()) why = "wrote beside y";
  if (!why && !x.untouched()) why = "wrote to x";
  if (!why) return std::nullopt;
  return fmt::format("{} [{}, threads {}, {}]: {}", kernel.name, instruction_set(), policy.threads,
                     c.describe(), *why);
}

}  // namespace crossover::kernels::test
