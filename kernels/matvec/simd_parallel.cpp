#include <cassert>

#include "kernels/matvec/simd_rows.h"
#include "kernels/matvec/team.h"
#include "kernels/matvec/variants.h"

namespace crossover::kernels::matvec {
namespace {

void run(const Args& args, const Prepared& prepared, std::span<std::byte> workspace,
         const ParallelPolicy& policy) {
  assert(shapes_agree(args));
  multiply_with_team(args, workspace, policy, static_cast<const SimdPlan&>(prepared).multiply);
}

}  // namespace

constinit const Kernel simd_parallel = {
    .name = "simd_parallel",
    .source = "simd, contiguous rows (or parts of each) per OpenMP thread",
    .traits = {Threading::openmp, Simd::highway, Packing::none},
    .why_unsupported = always_supported,
    .prepare = prepare_simd,
    .workspace_bytes = team_workspace_bytes,
    .run = run,
};

}  // namespace crossover::kernels::matvec
