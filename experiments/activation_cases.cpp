#include "experiments/activation_cases.h"

#include "experiments/instruction_set_setting.h"
#include "experiments/kernel_case.h"
#include "experiments/row_cases.h"
#include "kernels/activation/activation.h"
#include "kernels/activation/reference.h"

namespace crossover::experiments {
namespace {

namespace activation = kernels::activation;
using activation::Function;
using activation::Gated;

double bytes_per_element(Gated gated) { return (gated == Gated::mul ? 3 : 2) * sizeof(float); }

activation::Problem problem_of(const harness::Cell& cell) {
  activation::Problem problem{harness::extent(cell.problem, "rows"),
                              harness::extent(cell.problem, "cols")};
  const std::string& function = cell.arm.settings.at("function");
  if (function == "gelu_tanh") problem.function = Function::gelu_tanh;
  if (function == "silu") problem.function = Function::silu;
  if (cell.arm.settings.at("gated") == "mul") problem.gated = Gated::mul;
  return problem;
}

/// One set of operands.
struct Operands {
  activation::Problem problem;
  AlignedBuffer<float> x;
  AlignedBuffer<float> up;
  AlignedBuffer<float> output;

  Operands(const activation::Problem& p, const kernels::ParallelPolicy& policy)
      : problem(p),
        x(static_cast<std::size_t>(p.rows * p.cols)),
        up(p.gated == Gated::mul ? static_cast<std::size_t>(p.rows * p.cols) : 0),
        output(static_cast<std::size_t>(p.rows * p.cols)) {
    fill(x.span(), 1, policy);
    fill(up.span(), 2, policy);
    fill(output.span(), 3, policy);
  }

  static kernels::NoConstants constants() { return {}; }

  activation::Args args() const {
    const auto& [rows, cols, function, gated] = problem;
    activation::Args args;
    args.x = kernels::dense_rows<const float>(x.data(), rows, cols);
    if (gated == Gated::mul) args.up = kernels::dense_rows<const float>(up.data(), rows, cols);
    args.y = kernels::dense_rows<float>(output.data(), rows, cols);
    return args;
  }

  std::optional<std::string> why_wrong() const {
    return activation::why_wrong(args(), problem.function, problem.gated);
  }
};

}  // namespace

harness::FamilyInfo activation_family() {
  constexpr double scalar_seconds_per_element = 5e-9;
  harness::FamilyInfo family =
      row_family("activation", bytes_per_element(Gated::mul), scalar_seconds_per_element);
  family.settings.push_back({"function", {"gelu", "gelu_tanh", "silu"}, false});
  family.settings.push_back({"gated", {"none", "mul"}, false});
  add_variants(family, activation::family());
  return family;
}

harness::Case activation_case(const harness::Cell& cell) {
  const activation::Kernel& kernel = kernel_of(cell.arm, activation::find);
  choose_instruction_set(cell.arm);
  const activation::Problem problem = problem_of(cell);
  return kernel_case(
      kernel, problem, cell.arm, row_work(cell.problem, bytes_per_element(problem.gated)),
      [&](const kernels::ParallelPolicy& policy) { return Operands(problem, policy); });
}

}  // namespace crossover::experiments
