#include <cassert>

#include "kernels/activation/simd_loops.h"
#include "kernels/activation/variants.h"

namespace crossover::kernels::activation {
namespace {

std::unique_ptr<Prepared> prepare(const Problem& problem, const NoConstants&,
                                  const ParallelPolicy&) {
  const SimdLoop loop = simd_loop(problem.function, problem.gated);
  return std::make_unique<Plan>(loop.compute, problem.gated, loop.name);
}

void run(const Args& args, const Prepared& prepared, std::span<std::byte>,
         const ParallelPolicy& policy) {
  const auto& plan = static_cast<const Plan&>(prepared);
  assert(is_valid(args, plan.gated));
  run_parallel(args, plan, policy);
}

}  // namespace

constinit const Kernel simd_parallel = {
    .name = "simd_parallel",
    .source = "simd, equal shares of the elements per OpenMP thread",
    .traits = {Threading::openmp, Simd::highway, Packing::none},
    .why_unsupported = always_supported,
    .prepare = prepare,
    .workspace_bytes = no_workspace,
    .run = run,
};

}  // namespace crossover::kernels::activation
