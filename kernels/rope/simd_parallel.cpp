#include "kernels/rope/simd_heads.h"

namespace crossover::kernels::rope {
namespace {

void run(const Args& args, const Prepared& prepared, std::span<std::byte>,
         const ParallelPolicy& policy) {
  assert(shapes_agree(args));
  parallel_region(policy, [&](int thread, int threads) {
    if (args.heads == 0) return;
    static_cast<const SimdTable&>(prepared).rotate_share(
        args, share(args.x.rows * args.heads, threads, thread));
  });
}

}  // namespace

constinit const Kernel simd_parallel = {
    .name = "simd_parallel",
    .source = "simd, contiguous heads per OpenMP thread",
    .traits = {Threading::openmp, Simd::highway, Packing::prepacked},
    .why_unsupported = why_unsupported,
    .prepare = prepare_simd_table,
    .workspace_bytes = no_workspace,
    .run = run,
};

}  // namespace crossover::kernels::rope
