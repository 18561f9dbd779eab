#include "kernels/attention/simd_team.h"
#include "kernels/attention/variants.h"

// All scores of some rows are there before their softmax: no score is looked at twice and nothing
// is rescaled. What limits it: with many keys the scores leave the caches.

namespace crossover::kernels::attention {
namespace {

Plan plan_for(const Problem& problem) { return choose_plan(problem, 1, Path::blocked); }

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

constinit const Kernel blocked = {
    .name = "blocked",
    .source = "exact softmax over all scores of a block of rows",
    .traits = {Threading::none, Simd::highway, Packing::none},
    .why_unsupported = why_not_grouped,
    .prepare = prepare,
    .workspace_bytes = workspace_bytes,
    .run = run,
};

}  // namespace crossover::kernels::attention
