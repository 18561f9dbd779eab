#include "kernels/quant/simd.h"

namespace crossover::kernels::quant {
namespace {

TeamPlan plan_for(const Problem& problem, const ParallelPolicy& policy) {
  return plan_team(code(), choose_path(code(), problem), problem, policy.threads);
}

std::unique_ptr<Prepared> prepare(const Problem& problem, const Constants&,
                                  const ParallelPolicy& policy) {
  return std::make_unique<TeamPrepared>(plan_for(problem, policy));
}

std::size_t workspace_bytes_of(const Problem& problem, const ParallelPolicy& policy) {
  return workspace_bytes(plan_for(problem, policy));
}

}  // namespace

constinit const Variant simd_parallel = {
    .kernel = {.name = "simd_parallel",
               .source = "simd, one 2-D block of C per OpenMP thread",
               .traits = {Threading::openmp, Simd::intrinsics, Packing::per_call},
               .why_unsupported = why_unsupported,
               .prepare = prepare,
               .workspace_bytes = workspace_bytes_of,
               .run = run_with_team},
};

}  // namespace crossover::kernels::quant
