#include "experiments/dot_cases.h"

#include "experiments/instruction_set_setting.h"
#include "experiments/kernel_case.h"
#include "experiments/variant_info.h"
#include "kernels/core/cpu_caches.h"
#include "kernels/dot/dot.h"
#include "kernels/dot/reference.h"

namespace crossover::experiments {
namespace {

namespace dot = kernels::dot;

dot::Problem problem_of(const harness::Problem& problem) {
  return {harness::extent(problem, "batch"), harness::extent(problem, "n")};
}

double products_of(const dot::Problem& p) {
  return static_cast<double>(p.batch) * static_cast<double>(p.n);
}

double flops_of(const dot::Problem& p) { return 2 * products_of(p); }

double bytes_of(const dot::Problem& p) {
  return sizeof(float) * (2 * products_of(p) + static_cast<double>(p.batch));
}

/// One set of operands.
struct Operands {
  dot::Problem problem;
  AlignedBuffer<float> x;
  AlignedBuffer<float> y;
  AlignedBuffer<float> output;

  Operands(const dot::Problem& p, const kernels::ParallelPolicy& policy)
      : problem(p),
        x(static_cast<std::size_t>(p.batch * p.n)),
        y(static_cast<std::size_t>(p.batch * p.n)),
        output(static_cast<std::size_t>(p.batch)) {
    fill_coarse(x.span(), 1, policy);
    fill_coarse(y.span(), 2, policy);
    fill(output.span(), 3, policy);
  }

  kernels::NoConstants constants() const { return {}; }

  dot::Args args() const {
    return {kernels::dense<const float>(x.data(), 1, problem.batch, problem.n),
            kernels::dense<const float>(y.data(), 1, problem.batch, problem.n), output.span()};
  }

  std::optional<std::string> why_wrong() const { return dot::why_wrong(args()); }
};

/// To within a factor of a few.
double rough_seconds(const harness::Arm& arm, const harness::Problem& problem) {
  const dot::Kernel* kernel = dot::find(arm.variant);
  const bool scalar = kernel != nullptr && kernel->traits.simd == kernels::Simd::none;
  constexpr double scalar_flops = 3e9;
  constexpr double simd_flops = 20e9;
  return flops_of(problem_of(problem)) /
         ((scalar ? scalar_flops : simd_flops) * harness::threads_of(arm));
}

}  // namespace

harness::FamilyInfo dot_family() {
  harness::FamilyInfo family;
  family.name = "dot";
  family.ceiling = "stream_read";
  family.extents = {"batch", "n"};
  family.default_extents = {{"batch", 1}};
  family.settings = {instruction_set_setting()};
  for (const dot::Kernel& kernel : dot::family()) {
    family.variants.push_back(variant_info(kernel));
    family.variants.back().unavailable = kernel.why_unsupported({1, 1});
  }
  family.check_values = {{"batch", "1, 3"}, {"n", "1, 7, 16, 17, 64, 129, 1000, 4099, 100003"}};
  for (const std::int64_t n : {64, 1024, 16384, 1048576}) {
    family.bench_problems.push_back({{"batch", 1}, {"n", n}});
  }
  family.flops = [](const harness::Problem& problem) { return flops_of(problem_of(problem)); };
  family.memory_bytes = [](const harness::Arm&, const harness::Problem& problem) {
    constexpr double cold_sets = 2;  // times the last-level cache
    return 2 * bytes_of(problem_of(problem)) +
           cold_sets * static_cast<double>(kernels::cpu_caches().level3);
  };
  family.rough_seconds = rough_seconds;
  return family;
}

harness::Case dot_case(const harness::Cell& cell) {
  const dot::Kernel& kernel = kernel_of(cell.arm, dot::find);
  choose_instruction_set(cell.arm);
  const dot::Problem problem = problem_of(cell.problem);
  return kernel_case(
      kernel, problem, cell.arm, {flops_of(problem), bytes_of(problem)},
      [&](const kernels::ParallelPolicy& policy) { return Operands(problem, policy); });
}

}  // namespace crossover::experiments
