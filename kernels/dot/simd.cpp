#include <cassert>

#include "kernels/dot/simd_pairs.h"
#include "kernels/dot/variants.h"

namespace crossover::kernels::dot {
namespace {

void run(const Args& args, const Prepared& prepared, std::span<std::byte>, const ParallelPolicy&) {
  assert(shapes_agree(args));
  parallel_region(ParallelPolicy{}, [&](int, int) {
    static_cast<const SimdPlan&>(prepared).pairs.multiply(all_pairs(args));
  });
}

}  // namespace

constinit const Kernel simd = {
    .name = "simd",
    .source = "eight vectors of sums in turn",
    .traits = {Threading::none, Simd::highway, Packing::none},
    .why_unsupported = always_supported,
    .prepare = prepare_simd,
    .workspace_bytes = no_workspace,
    .run = run,
};

}  // namespace crossover::kernels::dot
