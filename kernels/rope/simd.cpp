#include "kernels/rope/simd_heads.h"

namespace crossover::kernels::rope {
namespace {

void run(const Args& args, const Prepared& prepared, std::span<std::byte>, const ParallelPolicy&) {
  assert(shapes_agree(args));
  parallel_region(ParallelPolicy{}, [&](int, int) {
    if (args.heads == 0) return;
    static_cast<const SimdTable&>(prepared).rotate_share(args, {0, args.x.rows * args.heads});
  });
}

}  // namespace

constinit const Kernel simd = {
    .name = "simd",
    .source = "cached, in vectors, whose angles are loaded once for all heads of a row",
    .traits = {Threading::none, Simd::highway, Packing::prepacked},
    .why_unsupported = why_unsupported,
    .prepare = prepare_simd_table,
    .workspace_bytes = no_workspace,
    .run = run,
};

}  // namespace crossover::kernels::rope
