#include "experiments/norm_cases.h"

#include "experiments/instruction_set_setting.h"
#include "experiments/kernel_case.h"
#include "experiments/row_cases.h"
#include "kernels/norm/norm.h"
#include "kernels/norm/reference.h"

namespace crossover::experiments {
namespace {

namespace norm = kernels::norm;
using kernels::Index;
using norm::Kind;
using norm::Residual;

// Elements read and written: x and y, with a residual that and h as well.
double bytes_per_element(Residual residual) {
  return (residual == Residual::none ? 2 : 4) * sizeof(float);
}

// Weight, and bias of layer norm, are read once as well.
harness::Work work_of(const harness::Problem& problem, Kind kind, Residual residual) {
  harness::Work work = row_work(problem, bytes_per_element(residual));
  const double vectors = kind == Kind::layer ? 2 : 1;
  work.bytes += vectors * sizeof(float) * static_cast<double>(harness::extent(problem, "cols"));
  return work;
}

Residual residual_of(const harness::Arm& arm) {
  const std::string& name = arm.settings.at("residual");
  if (name == "fused") return Residual::fused;
  return name == "separate" ? Residual::separate : Residual::none;
}

/// One set of operands.
struct Operands {
  Kind kind;
  norm::Problem problem;
  AlignedBuffer<float> x;
  AlignedBuffer<float> residual;
  AlignedBuffer<float> parameters;  // weight [cols], bias [cols]
  AlignedBuffer<float> output;      // y, and with a residual h behind it

  Operands(Kind of, const norm::Problem& p, const kernels::ParallelPolicy& policy)
      : kind(of),
        problem(p),
        x(elements()),
        residual(has_residual() ? elements() : 0),
        parameters(2 * static_cast<std::size_t>(p.cols)),
        output((has_residual() ? 2 : 1) * elements()) {
    fill(x.span(), 1, policy);
    fill(residual.span(), 2, policy);
    fill(parameters.span(), 3, policy);
    fill(output.span(), 4, policy);
  }

  bool has_residual() const { return problem.residual != Residual::none; }
  std::size_t elements() const { return static_cast<std::size_t>(problem.rows * problem.cols); }

  static kernels::NoConstants constants() { return {}; }

  norm::Args args() const {
    const Index rows = problem.rows;
    const Index cols = problem.cols;
    norm::Args args;
    args.x = kernels::dense_rows<const float>(x.data(), rows, cols);
    args.y = kernels::dense_rows<float>(output.data(), rows, cols);
    if (has_residual()) {
      args.residual = kernels::dense_rows<const float>(residual.data(), rows, cols);
      args.h = kernels::dense_rows<float>(output.data() + elements(), rows, cols);
    }
    args.weight = parameters.data();
    args.bias = kind == Kind::layer ? parameters.data() + cols : nullptr;
    return args;
  }

  std::optional<std::string> why_wrong() const {
    return norm::why_wrong(kind, args(), problem.residual);
  }
};

harness::FamilyInfo family_info(const std::string& name, const norm::Family& norm_family) {
  constexpr double scalar_seconds_per_element = 1.5e-9;
  harness::FamilyInfo family =
      row_family(name, bytes_per_element(Residual::fused), scalar_seconds_per_element);
  family.settings.push_back({"residual", {"none", "fused", "separate"}, false});
  add_variants(family, norm_family.list());
  return family;
}

harness::Case norm_case(const harness::Cell& cell, Kind kind, const norm::Family& family) {
  const norm::Kernel& kernel = kernel_of(cell.arm, family.find);
  choose_instruction_set(cell.arm);
  const norm::Problem problem{harness::extent(cell.problem, "rows"),
                              harness::extent(cell.problem, "cols"), residual_of(cell.arm)};
  return kernel_case(
      kernel, problem, cell.arm, work_of(cell.problem, kind, problem.residual),
      [&](const kernels::ParallelPolicy& policy) { return Operands(kind, problem, policy); });
}

}  // namespace

harness::FamilyInfo rms_norm_family() { return family_info("rms_norm", norm::rms_norm); }
harness::FamilyInfo layer_norm_family() { return family_info("layer_norm", norm::layer_norm); }

harness::Case rms_norm_case(const harness::Cell& cell) {
  return norm_case(cell, Kind::rms, norm::rms_norm);
}

harness::Case layer_norm_case(const harness::Cell& cell) {
  return norm_case(cell, Kind::layer, norm::layer_norm);
}

}  // namespace crossover::experiments
