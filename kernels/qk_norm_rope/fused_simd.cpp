#include "kernels/qk_norm_rope/simd_heads.h"

namespace crossover::kernels::qk_norm_rope {
namespace {

void run(const Args& args, const Prepared& prepared, std::span<std::byte>, const ParallelPolicy&) {
  assert(shapes_agree(args));
  const auto& table = static_cast<const SimdTable&>(prepared);
  const Index heads = args.head_dim > 0 ? heads_of_all_rows(args) : 0;
  parallel_region(ParallelPolicy{}, [&](int, int) {
    table.normalise_and_rotate_share(args, {0, heads});
  });
}

}  // namespace

constinit const Kernel fused_simd = {
    .name = "fused_simd",
    .source = "fused, in vectors, whose angles are loaded once for all heads of a row",
    .traits = {Threading::none, Simd::highway, Packing::prepacked},
    .why_unsupported = why_unsupported,
    .prepare = prepare_simd_table,
    .workspace_bytes = no_workspace,
    .run = run,
};

}  // namespace crossover::kernels::qk_norm_rope
