#include <cassert>

#include "kernels/matvec/scalar_rows.h"
#include "kernels/matvec/team.h"
#include "kernels/matvec/variants.h"

// Every thread of a team runs the loops of naive on its share. What limits it: small products end
// before the team has met.

namespace crossover::kernels::matvec {
namespace {

void run(const Args& args, const Prepared&, std::span<std::byte> workspace,
         const ParallelPolicy& policy) {
  assert(shapes_agree(args));
  multiply_with_team(args, workspace, policy, multiply_rows_naive);
}

}  // namespace

constinit const Kernel parallel = {
    .name = "parallel",
    .source = "naive, contiguous rows (or parts of each) per OpenMP thread",
    .traits = {Threading::openmp, Simd::none, Packing::none},
    .why_unsupported = always_supported,
    .prepare = prepare_nothing,
    .workspace_bytes = team_workspace_bytes,
    .run = run,
};

}  // namespace crossover::kernels::matvec
