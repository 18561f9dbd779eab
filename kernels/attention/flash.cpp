#include "kernels/attention/simd_team.h"
#include "kernels/attention/variants.h"

// Online softmax: a block of keys after the other, whose scores stay in L1, while sums and results
// follow the largest score so far. The loops are those of blocked.

namespace crossover::kernels::attention {
namespace {

Plan plan_for(const Problem& problem) { return choose_plan(problem, 1, Path::flash); }

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

constinit const Kernel flash = {
    .name = "flash",
    .source = "Milakov & Gimelshein, 2018; Dao et al., FlashAttention, NeurIPS 2022",
    .traits = {Threading::none, Simd::highway, Packing::none},
    .why_unsupported = why_not_grouped,
    .prepare = prepare,
    .workspace_bytes = workspace_bytes,
    .run = run,
};

}  // namespace crossover::kernels::attention
