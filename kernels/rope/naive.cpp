#include <cmath>

#include "kernels/rope/variants.h"

// The definition as it is written in the paper. What limits it: a power, a cosine and a sine for
// every pair, again for every head of a row, whose angles are all the same.

namespace crossover::kernels::rope {
namespace {

void rotate(const Rotation& rotation, Index position, Index head_dim, const float* x, float* y) {
  for (Index pair = 0; pair < rotation.pairs(); ++pair) {
    // In double: at position 100,000 an angle in f32 would be off by up to 0.004.
    const double exponent =
        -2 * static_cast<double>(pair) / static_cast<double>(rotation.rotary_dim);
    const double angle =
        static_cast<double>(position) * rotation.scale * std::pow(rotation.base, exponent);
    const auto cosine = static_cast<float>(std::cos(angle));
    const auto sine = static_cast<float>(std::sin(angle));
    const Index first = rotation.first_of(pair);
    const Index second = rotation.second_of(pair);
    const float a = x[first];
    const float b = x[second];
    y[first] = a * cosine - b * sine;
    y[second] = a * sine + b * cosine;
  }
  for (Index i = rotation.rotary_dim; i < head_dim; ++i) y[i] = x[i];
}

std::unique_ptr<Prepared> prepare(const Problem&, const Constants&, const ParallelPolicy&) {
  return std::make_unique<Prepared>();
}

void run(const Args& args, const Prepared&, std::span<std::byte>, const ParallelPolicy&) {
  assert(shapes_agree(args));
  parallel_region(ParallelPolicy{}, [&](int, int) {
    for (Index row = 0; row < args.x.rows; ++row) {
      for (Index head = 0; head < args.heads; ++head) {
        const Index offset = head * head_dim_of(args);
        rotate(args.rotation, args.positions.of(row), head_dim_of(args),
               args.x.row(0, row) + offset, args.y.row(0, row) + offset);
      }
    }
  });
}

}  // namespace

constinit const Kernel naive = {
    .name = "naive",
    .source = "Su et al., arXiv:2104.09864, 2021, as it is written",
    .traits = {Threading::none, Simd::none, Packing::none},
    .why_unsupported = why_unsupported,
    .prepare = prepare,
    .workspace_bytes = no_workspace,
    .run = run,
};

}  // namespace crossover::kernels::rope
