#include "experiments/matvec_cases.h"

#include "experiments/instruction_set_setting.h"
#include "experiments/kernel_case.h"
#include "experiments/variant_info.h"
#include "kernels/core/cpu_caches.h"
#include "kernels/matvec/matvec.h"
#include "kernels/matvec/reference.h"

namespace crossover::experiments {
namespace {

namespace matvec = kernels::matvec;

matvec::Problem problem_of(const harness::Problem& problem) {
  return {harness::extent(problem, "m"), harness::extent(problem, "n")};
}

double flops_of(const matvec::Problem& p) {
  return 2 * static_cast<double>(p.m) * static_cast<double>(p.n);
}

double bytes_of(const matvec::Problem& p) {
  const double m = static_cast<double>(p.m);
  const double n = static_cast<double>(p.n);
  return sizeof(float) * (m * n + m + n);
}

/// One set of operands.
struct Operands {
  matvec::Problem problem;
  AlignedBuffer<float> a;
  AlignedBuffer<float> x;
  AlignedBuffer<float> output;

  Operands(const matvec::Problem& p, const kernels::ParallelPolicy& policy)
      : problem(p),
        a(static_cast<std::size_t>(p.m * p.n)),
        x(static_cast<std::size_t>(p.n)),
        output(static_cast<std::size_t>(p.m)) {
    fill_coarse(a.span(), 1, policy);
    fill_coarse(x.span(), 2, policy);
    fill(output.span(), 3, policy);
  }

  kernels::NoConstants constants() const { return {}; }

  matvec::Args args() const {
    return {kernels::dense<const float>(a.data(), 1, problem.m, problem.n), x.span(),
            output.span()};
  }

  std::optional<std::string> why_wrong() const { return matvec::why_wrong(args()); }
};

/// To within a factor of a few.
double rough_seconds(const harness::Arm& arm, const harness::Problem& problem) {
  const matvec::Kernel* kernel = matvec::find(arm.variant);
  const bool scalar = kernel != nullptr && kernel->traits.simd == kernels::Simd::none;
  constexpr double scalar_flops = 2e9;
  constexpr double simd_flops = 20e9;
  return flops_of(problem_of(problem)) /
         ((scalar ? scalar_flops : simd_flops) * harness::threads_of(arm));
}

}  // namespace

harness::FamilyInfo matvec_family() {
  harness::FamilyInfo family;
  family.name = "matvec";
  family.ceiling = "stream_read";
  family.extents = {"m", "n"};
  family.alias = {{"size", {"m", "n"}}};
  family.tuples = {{"mn", {"m", "n"}}};
  family.settings = {instruction_set_setting()};
  for (const matvec::Kernel& kernel : matvec::family()) {
    family.variants.push_back(variant_info(kernel));
    family.variants.back().unavailable = kernel.why_unsupported({1, 1});
  }
  family.check_values = {{"m", "1, 2, 7, 13, 64, 129"}, {"n", "1, 7, 16, 17, 64, 129, 1000"}};
  for (const auto& [m, n] : {std::pair{64, 64}, {768, 768}, {4096, 4096}}) {
    family.bench_problems.push_back({{"m", m}, {"n", n}});
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

harness::Case matvec_case(const harness::Cell& cell) {
  const matvec::Kernel& kernel = kernel_of(cell.arm, matvec::find);
  choose_instruction_set(cell.arm);
  const matvec::Problem problem = problem_of(cell.problem);
  return kernel_case(
      kernel, problem, cell.arm, {flops_of(problem), bytes_of(problem)},
      [&](const kernels::ParallelPolicy& policy) { return Operands(problem, policy); });
}

}  // namespace crossover::experiments
