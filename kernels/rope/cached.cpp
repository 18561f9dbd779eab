#include "kernels/rope/scalar_heads.h"

// Cosines and sines depend on positions alone, so they are computed once, in prepare(), or once for
// all layers by whoever shares a table. What limits it: one element at a time.

namespace crossover::kernels::rope {
namespace {

void run(const Args& args, const Prepared& prepared, std::span<std::byte>, const ParallelPolicy&) {
  assert(shapes_agree(args));
  const RopeTable& table = static_cast<const PreparedTable&>(prepared).table();
  parallel_region(ParallelPolicy{}, [&](int, int) {
    if (args.heads > 0) rotate_share(args, table, {0, args.x.rows * args.heads});
  });
}

}  // namespace

constinit const Kernel cached = {
    .name = "cached",
    .source = "naive, with a table of cosines and sines by position",
    .traits = {Threading::none, Simd::none, Packing::prepacked},
    .why_unsupported = why_unsupported,
    .prepare = prepare_table,
    .workspace_bytes = no_workspace,
    .run = run,
};

}  // namespace crossover::kernels::rope
