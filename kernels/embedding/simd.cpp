#include <cassert>

#include "kernels/embedding/simd_lookup.h"
#include "kernels/embedding/variants.h"

namespace crossover::kernels::embedding {
namespace {

void run(const Args& args, const Prepared& prepared, std::span<std::byte>, const ParallelPolicy&) {
  assert(is_valid(args));
  parallel_region(ParallelPolicy{},
                  [&](int, int) { static_cast<const SimdPlan&>(prepared).lookup.look_up(args); });
}

}  // namespace

constinit const Kernel simd = {
    .name = "simd",
    .source = "rows copied and scaled by vectors",
    .traits = {Threading::none, Simd::highway, Packing::none},
    .why_unsupported = why_unsupported,
    .prepare = prepare_simd,
    .workspace_bytes = no_workspace,
    .run = run,
};

}  // namespace crossover::kernels::embedding
