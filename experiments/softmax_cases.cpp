#include "experiments/softmax_cases.h"

#include "experiments/instruction_set_setting.h"
#include "experiments/kernel_case.h"
#include "experiments/row_cases.h"
#include "kernels/softmax/reference.h"
#include "kernels/softmax/softmax.h"

namespace crossover::experiments {
namespace {

namespace softmax = kernels::softmax;

constexpr double bytes_per_element = 2 * sizeof(float);

/// One set of operands.
struct Operands {
  softmax::Problem problem;
  AlignedBuffer<float> x;
  AlignedBuffer<float> output;

  Operands(const softmax::Problem& p, const kernels::ParallelPolicy& policy)
      : problem(p),
        x(static_cast<std::size_t>(p.rows * p.cols)),
        output(static_cast<std::size_t>(p.rows * p.cols)) {
    fill(x.span(), 1, policy);
    fill(output.span(), 2, policy);
  }

  static kernels::NoConstants constants() { return {}; }

  softmax::Args args() const {
    constexpr float scale = 8;  // weights of a row then lie seven orders of magnitude apart
    return {kernels::dense_rows<const float>(x.data(), problem.rows, problem.cols),
            kernels::dense_rows<float>(output.data(), problem.rows, problem.cols), scale};
  }

  std::optional<std::string> why_wrong() const { return softmax::why_wrong(args()); }
};

}  // namespace

harness::FamilyInfo softmax_family() {
  constexpr double scalar_seconds_per_element = 4e-9;
  harness::FamilyInfo family = row_family("softmax", bytes_per_element, scalar_seconds_per_element);
  add_variants(family, softmax::family());
  return family;
}

harness::Case softmax_case(const harness::Cell& cell) {
  const softmax::Kernel& kernel = kernel_of(cell.arm, softmax::find);
  choose_instruction_set(cell.arm);
  const softmax::Problem problem{harness::extent(cell.problem, "rows"),
                                 harness::extent(cell.problem, "cols")};
  return kernel_case(
      kernel, problem, cell.arm, row_work(cell.problem, bytes_per_element),
      [&](const kernels::ParallelPolicy& policy) { return Operands(problem, policy); });
}

}  // namespace crossover::experiments
