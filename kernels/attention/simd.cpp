#include "kernels/attention/simd_team.h"
#include "kernels/attention/variants.h"

// What is best on one thread; choose_plan() has the thresholds and their reasons.

namespace crossover::kernels::attention {
namespace {

Plan plan_for(const Problem& problem) { return choose_plan(problem, 1, std::nullopt); }

std::unique_ptr<Prepared> prepare(const Problem& problem, const Constants&, const ParallelPolicy&) {
  return std::make_unique<Planned>(plan_for(problem));
}

std::size_t workspace_bytes(const Problem& problem, const ParallelPolicy&) {
  return team_workspace_bytes(plan_for(problem), problem, {});
}

void run(const Args& args, const Prepared& prepared, std::span<std::byte> workspace,
         const ParallelPolicy&) {
  attend_with_team(static_cast<const Planned&>(prepared).plan, args, workspace, {});
}

}  // namespace

constinit const Kernel simd = {
    .name = "simd",
    .source = "blocked, flash or streams, by size",
    .traits = {Threading::none, Simd::highway, Packing::none},
    .why_unsupported = why_not_grouped,
    .prepare = prepare,
    .workspace_bytes = workspace_bytes,
    .run = run,
};

}  // namespace crossover::kernels::attention
