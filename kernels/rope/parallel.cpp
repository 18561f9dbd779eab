#include "kernels/rope/scalar_heads.h"

// The loops of cached, with the heads of all rows shared out among a team.

namespace crossover::kernels::rope {
namespace {

void run(const Args& args, const Prepared& prepared, std::span<std::byte>,
         const ParallelPolicy& policy) {
  assert(shapes_agree(args));
  const RopeTable& table = static_cast<const PreparedTable&>(prepared).table();
  parallel_region(policy, [&](int thread, int threads) {
    if (args.heads > 0) {
      rotate_share(args, table, share(args.x.rows * args.heads, threads, thread));
    }
  });
}

}  // namespace

constinit const Kernel parallel = {
    .name = "parallel",
    .source = "cached, contiguous heads per OpenMP thread",
    .traits = {Threading::openmp, Simd::none, Packing::prepacked},
    .why_unsupported = why_unsupported,
    .prepare = prepare_table,
    .workspace_bytes = no_workspace,
    .run = run,
};

}  // namespace crossover::kernels::rope
