#pragma once

#include <cstddef>
#include <fmt/format.h>
#include <new>
#include <optional>
#include <string>

#include "kernels/core/instruction_set.h"
#include "kernels/matmul/dispatch_policy.h"
#include "kernels/matmul/reference.h"
#include "tests/kernels/guarded_matrix.h"

namespace crossover::kernels::test {

/// Workspace as the caller of a kernel provides it.
class Workspace {
 public:
  explicit Workspace(std::size_t bytes)
      : bytes_(bytes), data_(static_cast<std::byte*>(::operator new(bytes, alignment))) {}
  ~Workspace() { ::operator delete(data_, alignment); }
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;

  std::span<std::byte> span() const { return {data_, bytes_}; }

 private:
  static constexpr std::align_val_t alignment{64};
  std::size_t bytes_;
  std::byte* data_;
};

/// Restores the best instruction set, so that tests do not depend on their order.
class ForcedInstructionSet {
 public:
  explicit ForcedInstructionSet(const std::string& name) { force_instruction_set(name); }
  ~ForcedInstructionSet() { force_instruction_set(instruction_sets().front()); }
  ForcedInstructionSet(const ForcedInstructionSet&) = delete;
  ForcedInstructionSet& operator=(const ForcedInstructionSet&) = delete;
};

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
