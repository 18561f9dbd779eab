#include "kernels/qk_norm_rope/simd_heads.h"

// Two regions, one for each kernel, as in a program that calls one after the other.

namespace crossover::kernels::qk_norm_rope {
namespace {

void run(const Args& args, const Prepared& prepared, std::span<std::byte>,
         const ParallelPolicy& policy) {
  assert(shapes_agree(args));
  const auto& table = static_cast<const SimdTable&>(prepared);
  const Index heads = args.head_dim > 0 ? heads_of_all_rows(args) : 0;
  parallel_region(policy, [&](int thread, int threads) {
    table.normalise_share(args, share(heads, threads, thread));
  });
  parallel_region(policy, [&](int thread, int threads) {
    table.rotate_share(args, share(heads, threads, thread));
  });
}

}  // namespace

constinit const Kernel separate_simd_parallel = {
    .name = "separate_simd_parallel",
    .source = "separate_simd, contiguous heads per OpenMP thread",
    .traits = {Threading::openmp, Simd::highway, Packing::prepacked},
    .why_unsupported = why_unsupported,
    .prepare = prepare_simd_table,
    .workspace_bytes = no_workspace,
    .run = run,
};

}  // namespace crossover::kernels::qk_norm_rope
