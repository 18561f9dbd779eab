#include <cassert>

#include "kernels/embedding/simd_lookup.h"
#include "kernels/embedding/variants.h"

namespace crossover::kernels::embedding {
namespace {

void run(const Args& args, const Prepared& prepared, std::span<std::byte>,
         const ParallelPolicy& policy) {
  assert(is_valid(args));
  parallel_region(policy, [&](int thread, int threads) {
    static_cast<const SimdPlan&>(prepared).lookup.look_up(share_of(args, thread, threads));
  });
}

}  // namespace

constinit const Kernel simd_parallel = {
    .name = "simd_parallel",
    .source = "simd, contiguous tokens (or columns) per OpenMP thread",
    .traits = {Threading::openmp, Simd::highway, Packing::none},
    .why_unsupported = why_unsupported,
    .prepare = prepare_simd,
    .workspace_bytes = no_workspace,
    .run = run,
};

}  // namespace crossover::kernels::embedding
