#include "experiments/matmul_cases.h"

#include <memory>

#include "experiments/instruction_set_setting.h"
#include "experiments/kernel_case.h"
#include "experiments/policy_setting.h"
#include "experiments/variant_info.h"
#include "kernels/core/cpu_caches.h"
#include "kernels/matmul/matmul.h"
#include "kernels/matmul/reference.h"
#include "kernels/matmul/simd_plan.h"
#include "kernels/matmul/variants.h"

namespace crossover::experiments {
namespace {

namespace matmul = kernels::matmul;
using kernels::Index;

matmul::Problem problem_of(const harness::Problem& problem) {
  return {harness::extent(problem, "batch"), harness::extent(problem, "m"),
          harness::extent(problem, "n"), harness::extent(problem, "k")};
}

matmul::Problem problem_of(const harness::Cell& cell) {
  matmul::Problem problem = problem_of(cell.problem);
  if (cell.arm.settings.at("layout") == "abt") problem.layout = matmul::Layout::abt;
  return problem;
}

double flops_of(const matmul::Problem& p) {
  return 2.0 * static_cast<double>(p.batch) * static_cast<double>(p.m) * static_cast<double>(p.n) *
         static_cast<double>(p.k);
}

/// Bytes of A, B and C, once.
double bytes_of(const matmul::Problem& p) {
  const double m = static_cast<double>(p.m);
  const double n = static_cast<double>(p.n);
  const double k = static_cast<double>(p.k);
  return sizeof(float) * static_cast<double>(p.batch) * (m * k + k * n + m * n);
}

/// One set of operands.
struct Operands {
  matmul::Problem problem;
  std::shared_ptr<const matmul::DispatchPolicy> dispatch;  // of the variant `auto` alone
  AlignedBuffer<float> a;
  AlignedBuffer<float> b;
  AlignedBuffer<float> output;

  Operands(const matmul::Problem& p, std::shared_ptr<const matmul::DispatchPolicy> dispatch_policy,
           const kernels::ParallelPolicy& policy)
      : problem(p),
        dispatch(std::move(dispatch_policy)),
        a(static_cast<std::size_t>(p.batch * p.m * p.k)),
        b(static_cast<std::size_t>(p.batch * p.k * p.n)),
        output(static_cast<std::size_t>(p.batch * p.m * p.n)) {
    fill(a.span(), 1, policy);
    fill(b.span(), 2, policy);
    fill(output.span(), 3, policy);
  }

  kernels::MatrixBatch<const float> b_rows() const {
    const bool transposed = problem.layout == matmul::Layout::abt;
    return kernels::dense<const float>(b.data(), problem.batch, transposed ? problem.n : problem.k,
                                       transposed ? problem.k : problem.n);
  }

  matmul::Constants constants() const { return {b_rows(), dispatch.get()}; }

  matmul::Args args() const {
    const auto& [batch, m, n, k, layout] = problem;
    return {kernels::dense<const float>(a.data(), batch, m, k), b_rows(),
            kernels::dense<float>(output.data(), batch, m, n), layout};
  }

  std::optional<std::string> why_wrong() const {
    constexpr std::uint64_t seed = 20;  // any will do; fixed, so that a finding can be repeated
    return matmul::why_wrong(args(), seed);
  }
};

/// Runs one empty region, as a library that shares the process would have done before. Its threads
/// stay, and keep spinning where waiting is active.
void start_openmp_pool(int threads) {
  kernels::parallel_region({threads}, [](int, int) {});
}

/// Far too rough to conclude anything from; good enough to tell minutes from hours.
double rough_seconds(const harness::Arm& arm, const harness::Problem& problem) {
  const matmul::Kernel* kernel = matmul::find(arm.variant);
  const bool scalar = kernel != nullptr && kernel->traits.simd == kernels::Simd::none;
  constexpr double scalar_flops = 2e9;
  constexpr double simd_flops = 50e9;
  return flops_of(problem_of(problem)) /
         ((scalar ? scalar_flops : simd_flops) * harness::threads_of(arm));
}

}  // namespace

harness::FamilyInfo matmul_family() {
  harness::FamilyInfo family;
  family.name = "matmul";
  family.extents = {"batch", "m", "n", "k"};
  family.default_extents = {{"batch", 1}};
  family.alias = {{"size", {"m", "n", "k"}}};
  family.tuples = {
      {"nk", {"n", "k"}}, {"mk", {"m", "k"}}, {"mn", {"m", "n"}}, {"mnk", {"m", "n", "k"}}};
  family.settings = {instruction_set_setting(),
                     {"other_pool", {"none", "openmp"}, false},
                     {"layout", {"ab", "abt"}, false},
                     policy_setting(),
                     policy_from_setting()};
  for (const matmul::Kernel& kernel : matmul::family()) {
    family.variants.push_back(variant_info(kernel));
    family.variants.back().unavailable = kernel.why_unsupported({1, 1, 1, 1});
    if (kernel.traits.simd == kernels::Simd::highway) {
      family.variants.back().details = matmul::describe_blocking();
    }
  }
  family.flops = [](const harness::Problem& problem) { return flops_of(problem_of(problem)); };
  family.memory_bytes = [](const harness::Arm&, const harness::Problem& problem) {
    constexpr double workspace_and_cold_sets = 2;  // an upper bound for what a worker adds
    const double cache = static_cast<double>(kernels::cpu_caches().level3);
    return workspace_and_cold_sets * (bytes_of(problem_of(problem)) + cache);
  };
  family.rough_seconds = rough_seconds;
  return family;
}

harness::Case matmul_case(const harness::Cell& cell) {
  const matmul::Kernel& kernel = kernel_of(cell.arm, matmul::find);
  choose_instruction_set(cell.arm);
  const matmul::Problem problem = problem_of(cell);

  std::shared_ptr<const matmul::DispatchPolicy> dispatch;
  if (cell.arm.variant == matmul::auto_kernel.name) {
    const auto policy = dispatch_policy_of(cell.arm);
    if (!policy) throw harness::Unsupported(std::string(matmul::why_no_policy));
    dispatch = std::make_shared<const matmul::DispatchPolicy>(*policy);
  }

  harness::Case result = kernel_case(
      kernel, problem, cell.arm, {flops_of(problem), bytes_of(problem)},
      [&](const kernels::ParallelPolicy& policy) { return Operands(problem, dispatch, policy); });
  if (cell.arm.settings.at("other_pool") == "openmp") {
    start_openmp_pool(harness::threads_of(cell.arm));
  }
  return result;
}

}  // namespace crossover::experiments
