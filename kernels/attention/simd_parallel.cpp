#include "kernels/attention/simd_team.h"
#include "kernels/attention/variants.h"

namespace crossover::kernels::attention {
namespace {

std::unique_ptr<Prepared> prepare(const Problem& problem, const Constants&,
                                  const ParallelPolicy& policy) {
  return std::make_unique<Planned>(choose_plan(problem, policy.threads, std::nullopt));
}

std::size_t workspace_bytes(const Problem& problem, const ParallelPolicy& policy) {
  const Plan plan = choose_plan(problem, policy.threads, std::nullopt);
  return team_workspace_bytes(plan, problem, policy);
}

void run(const Args& args, const Prepared& prepared, std::span<std::byte> workspace,
         const ParallelPolicy& policy) {
  attend_with_team(static_cast<const Planned&>(prepared).plan, args, workspace, policy);
}

}  // namespace

constinit const Kernel simd_parallel = {
    .name = "simd_parallel",
    .source = "simd, blocks of rows or parts of the keys per OpenMP thread",
    .traits = {Threading::openmp, Simd::highway, Packing::none},
    .why_unsupported = why_not_grouped,
    .prepare = prepare,
    .workspace_bytes = workspace_bytes,
    .run = run,
};

}  // namespace crossover::kernels::attention
