#pragma once

#include <fmt/format.h>
#include <random>
#include <string>

#include "kernels/norm/norm.h"
#include "tests/kernels/row_operands.h"
#include "tests/kernels/workspace.h"

namespace crossover::kernels::test {

/// What the written operands share memory with.
enum class Aliasing { none, y_is_x, h_is_x, h_is_residual };

struct NormCase {
  norm::Problem problem;
  Layout layout = {};
  Aliasing aliasing = Aliasing::none;
  bool has_bias = true;
  float mean = 0.25F;
  float deviation = 1;
  float epsilon = 1e-5F;

  std::string describe() const {
    return fmt::format(
        "{} x {}, residual {}, padding {}, end gap {}, aliasing {}, bias {}, mean {}, deviation {}",
        problem.rows, problem.cols, static_cast<int>(problem.residual), layout.row_padding,
        layout.end_gap, static_cast<int>(aliasing), has_bias, mean, deviation);
  }
};

/// Operands with values around a mean, outputs poisoned.
struct NormOperands {
  explicit NormOperands(const NormCase& of)
      : c(of),
        x(c.problem.rows, c.problem.cols, c.layout),
        residual(c.problem.rows, c.problem.cols, c.layout),
        h(c.problem.rows, c.problem.cols, c.layout),
        y(c.problem.rows, c.problem.cols, c.layout),
        weight(1, c.problem.cols, {}),
        bias(1, c.problem.cols, {}) {
    std::mt19937 random(1);
    std::normal_distribution<float> value(c.mean, c.deviation);
    x.fill([&] { return value(random); });
    residual.fill_random(2);
    weight.fill_random(3);
    bias.fill_random(4);
  }

  GuardedRows& written_y() { return c.aliasing == Aliasing::y_is_x ? x : y; }
  GuardedRows& written_h() {
    if (c.aliasing == Aliasing::h_is_x) return x;
    return c.aliasing == Aliasing::h_is_residual ? residual : h;
  }

  norm::Args args() {
    norm::Args args;
    args.x = x.rows();
    if (c.problem.residual != norm::Residual::none) {
      args.residual = residual.rows();
      args.h = written_h().rows();
    }
    args.y = written_y().rows();
    args.weight = weight.rows().data;
    args.bias = c.has_bias ? bias.rows().data : nullptr;
    args.epsilon = c.epsilon;
    return args;
  }

  NormCase c;
  GuardedRows x;
  GuardedRows residual;
  GuardedRows h;
  GuardedRows y;
  GuardedRows weight;
  GuardedRows bias;
};

inline void run(const norm::Kernel& kernel, const norm::Args& args, norm::Residual residual,
                int threads = 1) {
  const norm::Problem problem{args.x.rows, args.x.cols, residual};
  const ParallelPolicy policy{threads};
  const auto prepared = kernel.prepare(problem, {}, policy);
  const Workspace workspace(kernel.workspace_bytes(problem, policy));
  kernel.run(args, *prepared, workspace.span(), policy);
}

}  // namespace crossover::kernels::test
