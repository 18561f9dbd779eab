#include "experiments/rope_cases.h"

#include "experiments/instruction_set_setting.h"
#include "experiments/kernel_case.h"
#include "experiments/rotation_settings.h"
#include "experiments/variant_info.h"
#include "kernels/core/cpu_caches.h"
#include "kernels/rope/reference.h"
#include "kernels/rope/rope.h"

namespace crossover::experiments {
namespace {

namespace rope = kernels::rope;
using kernels::Index;

rope::Problem problem_of(const harness::Cell& cell) {
  rope::Problem problem;
  problem.rows = harness::extent(cell.problem, "rows");
  problem.heads = harness::extent(cell.problem, "heads");
  problem.head_dim = harness::extent(cell.problem, "head_dim");
  problem.rotation = rotation_of(cell.arm, problem.head_dim);
  problem.positions =
      position_range(cell.arm, harness::extent(cell.problem, "first_position"), problem.rows);
  return problem;
}

double elements_of(const harness::Problem& problem) {
  return static_cast<double>(harness::extent(problem, "rows")) *
         static_cast<double>(harness::extent(problem, "heads")) *
         static_cast<double>(harness::extent(problem, "head_dim"));
}

/// Six for each pair; the same whatever share of a head turns, so that rates can be compared.
double flops_of(const harness::Problem& problem) { return 3 * elements_of(problem); }

/// Bytes of x and y, once.
double bytes_of(const harness::Problem& problem) {
  return 2 * sizeof(float) * elements_of(problem);
}

/// One set of operands.
struct Operands {
  rope::Problem problem;
  std::vector<std::int32_t> positions;
  AlignedBuffer<float> x;
  AlignedBuffer<float> output;

  Operands(const rope::Problem& p, std::vector<std::int32_t> positions_of_rows,
           const kernels::ParallelPolicy& policy)
      : problem(p),
        positions(std::move(positions_of_rows)),
        x(static_cast<std::size_t>(p.rows * p.heads * p.head_dim)),
        output(x.span().size()) {
    fill(x.span(), 1, policy);
    fill(output.span(), 2, policy);
  }

  rope::Constants constants() const { return {}; }

  rope::Args args() const {
    const Index cols = problem.heads * problem.head_dim;
    return {kernels::dense<const float>(x.data(), 1, problem.rows, cols),
            kernels::dense<float>(output.data(), 1, problem.rows, cols),
            problem.heads,
            {problem.positions.first, positions},
            problem.rotation};
  }

  std::optional<std::string> why_wrong() const { return rope::why_wrong(args()); }
};

/// To within a factor of a few.
double rough_seconds(const harness::Arm& arm, const harness::Problem& problem) {
  const rope::Kernel* kernel = rope::find(arm.variant);
  const bool scalar = kernel != nullptr && kernel->traits.simd == kernels::Simd::none;
  constexpr double seconds_naive = 50e-9;
  constexpr double seconds_scalar = 0.5e-9;
  constexpr double seconds_simd = 0.1e-9;
  const double seconds = arm.variant == "naive" ? seconds_naive
                         : scalar               ? seconds_scalar
                                                : seconds_simd;
  return elements_of(problem) * seconds / harness::threads_of(arm);
}

}  // namespace

harness::FamilyInfo rope_family() {
  harness::FamilyInfo family;
  family.name = "rope";
  family.ceiling = "stream_copy";
  family.extents = {"rows", "heads", "head_dim", "first_position"};
  family.default_extents = {{"first_position", 0}};
  family.tuples = {{"heads_dim", {"heads", "head_dim"}}};
  family.settings = rotation_settings();
  family.check_values = {{"rows", "1, 3, 17"},
                         {"heads", "1, 3, 6"},
                         {"head_dim", "2, 66, 256"},
                         {"first_position", "5, 100000"}};
  for (const Index rows : {1, 64, 1024}) {
    family.bench_problems.push_back(
        {{"rows", rows}, {"heads", 3}, {"head_dim", 256}, {"first_position", 0}});
  }
  for (const rope::Kernel& kernel : rope::family()) {
    family.variants.push_back(variant_info(kernel));
  }
  family.flops = flops_of;
  family.memory_bytes = [](const harness::Arm&, const harness::Problem& problem) {
    constexpr double tables_and_cold_sets = 2;  // an upper bound for what a worker adds
    const double cache = static_cast<double>(kernels::cpu_caches().level3);
    return tables_and_cold_sets * 2 * (bytes_of(problem) + cache);
  };
  family.rough_seconds = rough_seconds;
  return family;
}

harness::Case rope_case(const harness::Cell& cell) {
  const rope::Kernel& kernel = kernel_of(cell.arm, rope::find);
  choose_instruction_set(cell.arm);
  const rope::Problem problem = problem_of(cell);
  return kernel_case(kernel, problem, cell.arm, {flops_of(cell.problem), bytes_of(cell.problem)},
                     [&](const kernels::ParallelPolicy& policy) {
                       return Operands(problem, packed_positions(cell.arm, problem.rows), policy);
                     });
}

}  // namespace crossover::experiments
