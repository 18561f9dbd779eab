#include "kernels/core/scalar_rotation.h"
#include "kernels/qk_norm_rope/scalar_norm.h"
#include "kernels/qk_norm_rope/variants.h"

// Two kernels one after the other, as most programs have them: all heads are normalised, then all
// are turned in place. What limits it: one element at a time, and where Q and K do not fit a cache,
// they pass through it twice.

namespace crossover::kernels::qk_norm_rope {
namespace {

void normalise(const Args& args, const Operand& operand, Index row, Range heads) {
  for (Index head = heads.begin; head < heads.end; ++head) {
    const float* x = operand.x.row(0, row) + head * args.head_dim;
    float* y = operand.y.row(0, row) + head * args.head_dim;
    const float factor = inverse_rms(x, args.head_dim, args.epsilon);
    for (Index i = 0; i < args.head_dim; ++i) y[i] = x[i] * factor * operand.weight[i];
  }
}

void rotate(const Args& args, const RopeTable& table, const Operand& operand, Index row,
            Range heads) {
  const Index position = args.positions.of(row);
  for (Index head = heads.begin; head < heads.end; ++head) {
    float* y = operand.y.row(0, row) + head * args.head_dim;
    rotate_head(args.rotation, table.cosines(position), table.sines(position), args.head_dim, y, y);
  }
}

void run(const Args& args, const Prepared& prepared, std::span<std::byte>, const ParallelPolicy&) {
  assert(shapes_agree(args));
  const RopeTable& table = static_cast<const PreparedTable&>(prepared).table();
  const Range all = {0, heads_of_all_rows(args)};
  if (args.head_dim == 0) return;
  parallel_region(ParallelPolicy{}, [&](int, int) {
    for_each_run_of_heads(args, all, [&](const Operand& operand, Index row, Range heads) {
      normalise(args, operand, row, heads);
    });
  });
  parallel_region(ParallelPolicy{}, [&](int, int) {
    for_each_run_of_heads(args, all, [&](const Operand& operand, Index row, Range heads) {
      rotate(args, table, operand, row, heads);
    });
  });
}

}  // namespace

constinit const Kernel separate = {
    .name = "separate",
    .source = "RMSNorm of all heads, then RoPE of all heads, as they are written",
    .traits = {Threading::none, Simd::none, Packing::prepacked},
    .why_unsupported = why_unsupported,
    .prepare = prepare_table,
    .workspace_bytes = no_workspace,
    .run = run,
};

}  // namespace crossover::kernels::qk_norm_rope
