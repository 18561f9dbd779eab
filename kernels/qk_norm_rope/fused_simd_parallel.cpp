#include "kernels/qk_norm_rope/simd_heads.h"

namespace crossover::kernels::qk_norm_rope {
namespace {

void run(const Args& args, const Prepared& prepared, std::span<std::byte>,
         const ParallelPolicy& policy) {
  assert(shapes_agree(args));
  const auto& table = static_cast<const SimdTable&>(prepared);
  const Index heads = args.head_dim > 0 ? heads_of_all_rows(args) : 0;
  parallel_region(policy, [&](int thread, int threads) {
    table.normalise_and_rotate_share(args, share(heads, threads, thread));
  });
}

}  // namespace

constinit const Kernel fused_simd_parallel = {
    .name = "fused_simd_parallel",
    .source = "fused_simd, contiguous heads per OpenMP thread",
    .traits = {Threading::openmp, Simd::highway, Packing::prepacked},
    .why_unsupported = why_unsupported,
    .prepare = prepare_simd_table,
    .workspace_bytes = no_workspace,
    .run = run,
};

}  // namespace crossover::kernels::qk_norm_rope
