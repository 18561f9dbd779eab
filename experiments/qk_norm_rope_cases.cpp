#include "experiments/qk_norm_rope_cases.h"

#include "experiments/instruction_set_setting.h"
#include "experiments/kernel_case.h"
#include "experiments/rotation_settings.h"
#include "experiments/variant_info.h"
#include "kernels/core/cpu_caches.h"
#include "kernels/qk_norm_rope/qk_norm_rope.h"
#include "kernels/qk_norm_rope/reference.h"

namespace crossover::experiments {
namespace {

namespace qk = kernels::qk_norm_rope;
using kernels::Index;

qk::Problem problem_of(const harness::Cell& cell) {
  qk::Problem problem;
  problem.rows = harness::extent(cell.problem, "rows");
  problem.heads = harness::extent(cell.problem, "heads");
  problem.kv_heads = harness::extent(cell.problem, "kv_heads");
  problem.head_dim = harness::extent(cell.problem, "head_dim");
  problem.rotation = rotation_of(cell.arm, problem.head_dim);
  problem.positions =
      position_range(cell.arm, harness::extent(cell.problem, "first_position"), problem.rows);
  return problem;
}

double elements_of(const harness::Problem& problem) {
  const auto extent = [&](const char* name) {
    return static_cast<double>(harness::extent(problem, name));
  };
  return extent("rows") * (extent("heads") + extent("kv_heads")) * extent("head_dim");
}

/// A square and its sum, two products of the norm, and three for each element of a pair.
double flops_of(const harness::Problem& problem) { return 7 * elements_of(problem); }

/// Bytes of Q and K before and after, once.
double bytes_of(const harness::Problem& problem) {
  return 2 * sizeof(float) * elements_of(problem);
}

/// One set of operands.
struct Operands {
  qk::Problem problem;
  std::vector<std::int32_t> positions;
  AlignedBuffer<float> q;
  AlignedBuffer<float> k;
  AlignedBuffer<float> weights;  // of Q, then of K
  AlignedBuffer<float> output;   // of Q, then of K

  Operands(const qk::Problem& p, std::vector<std::int32_t> positions_of_rows,
           const kernels::ParallelPolicy& policy)
      : problem(p),
        positions(std::move(positions_of_rows)),
        q(static_cast<std::size_t>(p.rows * p.heads * p.head_dim)),
        k(static_cast<std::size_t>(p.rows * p.kv_heads * p.head_dim)),
        weights(static_cast<std::size_t>(2 * p.head_dim)),
        output(q.span().size() + k.span().size()) {
    fill(q.span(), 1, policy);
    fill(k.span(), 2, policy);
    fill(weights.span(), 3, {});
    fill(output.span(), 4, policy);
  }

  qk::Constants constants() const { return {}; }

  qk::Operand operand(const AlignedBuffer<float>& x, float* y, Index heads,
                      const float* weight) const {
    const Index cols = heads * problem.head_dim;
    return {kernels::dense<const float>(x.data(), 1, problem.rows, cols),
            kernels::dense<float>(y, 1, problem.rows, cols), weight, heads};
  }

  qk::Args args() const {
    qk::Args args;
    args.q = operand(q, output.data(), problem.heads, weights.data());
    args.k = operand(k, output.data() + q.span().size(), problem.kv_heads,
                     weights.data() + problem.head_dim);
    args.positions = {problem.positions.first, positions};
    args.rotation = problem.rotation;
    args.head_dim = problem.head_dim;
    return args;
  }

  std::optional<std::string> why_wrong() const { return qk::why_wrong(args()); }
};

/// To within a factor of a few.
double rough_seconds(const harness::Arm& arm, const harness::Problem& problem) {
  const qk::Kernel* kernel = qk::find(arm.variant);
  const bool scalar = kernel != nullptr && kernel->traits.simd == kernels::Simd::none;
  constexpr double seconds_scalar = 2e-9;
  constexpr double seconds_simd = 0.15e-9;
  return elements_of(problem) * (scalar ? seconds_scalar : seconds_simd) / harness::threads_of(arm);
}

}  // namespace

harness::FamilyInfo qk_norm_rope_family() {
  harness::FamilyInfo family;
  family.name = "qk_norm_rope";
  family.ceiling = "stream_copy";
  family.extents = {"rows", "heads", "kv_heads", "head_dim", "first_position"};
  family.default_extents = {{"first_position", 0}};
  family.tuples = {{"heads_kv_dim", {"heads", "kv_heads", "head_dim"}}};
  family.settings = rotation_settings();
  family.check_values = {{"rows", "1, 3, 17"},
                         {"heads", "1, 3, 6"},
                         {"kv_heads", "1, 2"},
                         {"head_dim", "2, 66, 256"},
                         {"first_position", "100000"}};
  for (const Index rows : {1, 64, 1024}) {
    family.bench_problems.push_back(
        {{"rows", rows}, {"heads", 3}, {"kv_heads", 1}, {"head_dim", 256}, {"first_position", 0}});
  }
  for (const qk::Kernel& kernel : qk::family()) family.variants.push_back(variant_info(kernel));
  family.flops = flops_of;
  family.memory_bytes = [](const harness::Arm&, const harness::Problem& problem) {
    constexpr double tables_and_cold_sets = 2;  // an upper bound for what a worker adds
    const double cache = static_cast<double>(kernels::cpu_caches().level3);
    return tables_and_cold_sets * 2 * (bytes_of(problem) + cache);
  };
  family.rough_seconds = rough_seconds;
  return family;
}

harness::Case qk_norm_rope_case(const harness::Cell& cell) {
  const qk::Kernel& kernel = kernel_of(cell.arm, qk::find);
  choose_instruction_set(cell.arm);
  const qk::Problem problem = problem_of(cell);
  return kernel_case(kernel, problem, cell.arm, {flops_of(cell.problem), bytes_of(cell.problem)},
                     [&](const kernels::ParallelPolicy& policy) {
                       return Operands(problem, packed_positions(cell.arm, problem.rows), policy);
                     });
}

}  // namespace crossover::experiments
