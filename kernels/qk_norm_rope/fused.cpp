#include "kernels/core/rotation.h"
#include "kernels/qk_norm_rope/scalar_norm.h"
#include "kernels/qk_norm_rope/variants.h"

// One head at a time is normalised and turned, so that it leaves L1 once.

namespace crossover::kernels::qk_norm_rope {
namespace {

struct Head {
  const float* x;  // [head_dim]
  float* y;        // [head_dim]
  const float* weight;
};

void normalise_and_rotate(const Args& args, const float* cosines, const float* sines,
                          const Head& head) {
  const Rotation& rotation = args.rotation;
  const auto& [x, y, weight] = head;
  const float factor = inverse_rms(x, args.head_dim, args.epsilon);
  for (Index pair = 0; pair < rotation.pairs(); ++pair) {
    const Index first = rotation.first_of(pair);
    const Index second = rotation.second_of(pair);
    const float a = x[first] * factor * weight[first];
    const float b = x[second] * factor * weight[second];
    y[first] = a * cosines[pair] - b * sines[pair];
    y[second] = a * sines[pair] + b * cosines[pair];
  }
  for (Index i = rotation.rotary_dim; i < args.head_dim; ++i) y[i] = x[i] * factor * weight[i];
}

void run(const Args& args, const Prepared& prepared, std::span<std::byte>, const ParallelPolicy&) {
  assert(shapes_agree(args));
  const RopeTable& table = static_cast<const PreparedTable&>(prepared).table();
  const Range all = {0, heads_of_all_rows(args)};
  if (args.head_dim == 0) return;
  parallel_region(ParallelPolicy{}, [&](int, int) {
    for_each_run_of_heads(args, all, [&](const Operand& operand, Index row, Range heads) {
      const Index position = args.positions.of(row);
      for (Index head = heads.begin; head < heads.end; ++head) {
        const Index offset = head * args.head_dim;
        normalise_and_rotate(
            args, table.cosines(position), table.sines(position),
            {operand.x.row(0, row) + offset, operand.y.row(0, row) + offset, operand.weight});
      }
    });
  });
}

}  // namespace

constinit const Kernel fused = {
    .name = "fused",
    .source = "separate, in one pass over the heads",
    .traits = {Threading::none, Simd::none, Packing::prepacked},
    .why_unsupported = why_unsupported,
    .prepare = prepare_table,
    .workspace_bytes = no_workspace,
    .run = run,
};

}  // namespace crossover::kernels::qk_norm_rope
