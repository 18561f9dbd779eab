#pragma once

#include <fmt/format.h>
#include <optional>
#include <string>

#include "kernels/quant/reference.h"
#include "tests/kernels/forced_instruction_set.h"
#include "tests/kernels/guarded_blocks.h"
#include "tests/kernels/guarded_matrix.h"
#include "tests/kernels/workspace.h"

namespace crossover::kernels::test {

/// One product with operands of its own.
struct MatmulQ8Case {
  quant::Problem problem;
  Index padding = 0;  // floats and blocks between rows
  Index end_gap = 0;  // floats between operands and trapping pages; shifts alignment

  std::string describe() const {
    return fmt::format("m {} n {} k {}, padding {}, end gap {}", problem.m, problem.n, problem.k,
                       padding, end_gap);
  }
};

/// Operands A and W at random, C poisoned.
struct Q8Operands {
  explicit Q8Operands(const MatmulQ8Case& c)
      : a(1, c.problem.m, c.problem.k, {c.padding, 0, c.end_gap}),
        w(c.problem.n, c.problem.k / quant::block_values, c.padding, 2 * c.end_gap),
        c(1, c.problem.m, c.problem.n, {c.padding, 0, c.end_gap}) {
    a.fill_random(1);
    w.fill_random(2);
  }

  quant::Args args() const { return {a.view(), w.view(), c.view()}; }

  GuardedMatrix a;
  GuardedBlocks w;
  GuardedMatrix c;
};

/// An f32 product that belongs to no family.
class PlainProduct : public quant::DenseProduct {
 public:
  void run(const MatrixBatch<const float>& a, const MatrixBatch<const float>& b,
           const MatrixBatch<float>& c, const ParallelPolicy&) const override {
    for (Index i = 0; i < c.rows; ++i) {
      for (Index j = 0; j < c.cols; ++j) {
        float sum = 0;
        for (Index p = 0; p < a.cols; ++p) sum += a.row(0, i)[p] * b.row(0, j)[p];
        c.row(0, i)[j] = sum;
      }
    }
  }

  std::optional<std::string> code_path() const override { return "plain loops"; }
};

/// Runs the kernel as the contract demands.
inline void run(const quant::Variant& variant, const quant::Args& args,
                const ParallelPolicy& policy) {
  static const PlainProduct product;
  const quant::Problem problem = {args.c.rows, args.c.cols, args.a.cols};
  const auto prepared = variant.kernel.prepare(problem, {args.w, &product}, policy);
  const Workspace workspace(variant.kernel.workspace_bytes(problem, policy));
  variant.kernel.run(args, *prepared, workspace.span(), policy);
}

/// What is wrong with what the variant makes of these operands, or nullopt.
inline std::optional<std::string> why_wrong(const quant::Variant& variant, Q8Operands& operands,
                                            const ParallelPolicy& policy) {
  run(variant, operands.args(), policy);
  if (auto why = quant::why_wrong(operands.args(), variant.activations, 3)) return why;
  if (!operands.c.guards_untouched()) return "wrote beside C";
  if (!operands.a.untouched()) return "wrote to A";
  if (!operands.w.untouched()) return "wrote to W";
  return std::nullopt;
}

}  // namespace crossover::kernels::test
