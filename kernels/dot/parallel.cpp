#include <cassert>

#include "kernels/dot/scalar_sums.h"
#include "kernels/dot/team.h"
#include "kernels/dot/variants.h"

// Every thread of a team runs the loop of unrolled on its share. What limits it: short vectors end
// before the team has met.

namespace crossover::kernels::dot {
namespace {

void run(const Args& args, const Prepared&, std::span<std::byte> workspace,
         const ParallelPolicy& policy) {
  assert(shapes_agree(args));
  multiply_with_team(args, workspace, policy, multiply_pairs_unrolled);
}

}  // namespace

constinit const Kernel parallel = {
    .name = "parallel",
    .source = "unrolled, contiguous pairs (or parts of each) per OpenMP thread",
    .traits = {Threading::openmp, Simd::none, Packing::none},
    .why_unsupported = always_supported,
    .prepare = prepare_nothing,
    .workspace_bytes = team_workspace_bytes,
    .run = run,
};

}  // namespace crossover::kernels::dot
