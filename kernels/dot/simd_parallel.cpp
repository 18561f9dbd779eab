#include <cassert>

#include "kernels/dot/simd_pairs.h"
#include "kernels/dot/team.h"
#include "kernels/dot/variants.h"

namespace crossover::kernels::dot {
namespace {

void run(const Args& args, const Prepared& prepared, std::span<std::byte> workspace,
         const ParallelPolicy& policy) {
  assert(shapes_agree(args));
  multiply_with_team(args, workspace, policy,
                     static_cast<const SimdPlan&>(prepared).pairs.multiply);
}

}  // namespace

constinit const Kernel simd_parallel = {
    .name = "simd_parallel",
    .source = "simd, contiguous pairs (or parts of each) per OpenMP thread",
    .traits = {Threading::openmp, Simd::highway, Packing::none},
    .why_unsupported = always_supported,
    .prepare = prepare_simd,
    .workspace_bytes = team_workspace_bytes,
    .run = run,
};

}  // namespace crossover::kernels::dot
