#include <cassert>

#include "kernels/embedding_gradient/simd_sums.h"
#include "kernels/embedding_gradient/variants.h"

namespace crossover::kernels::embedding_gradient {
namespace {

// Every thread sorts what it owns for itself: nobody waits for anybody, and the passes over the ids
// are short beside those over the rows.
void run(const Args& args, const Prepared& prepared, std::span<std::byte> workspace,
         const ParallelPolicy& policy) {
  assert(is_valid(args));
  const SimdSums& sums = static_cast<const SimdPlan&>(prepared).sums;
  parallel_region(policy, [&](int thread, int threads) {
    scatter_sorted(args, piece_of(args, thread, threads),
                   workspace_of(workspace, thread, args.upstream.rows),
                   [&](std::span<const SortedToken> tokens, std::size_t count, Range columns,
                       float* to) { sums.sum_group(args, tokens, count, columns, to); });
  });
}

}  // namespace

constinit const Kernel simd_parallel = {
    .name = "simd_parallel",
    .source = "simd, columns and rows of its own per OpenMP thread",
    .traits = {Threading::openmp, Simd::highway, Packing::none},
    .why_unsupported = why_unsupported,
    .prepare = prepare_simd,
    .workspace_bytes = team_workspace_bytes,
    .run = run,
};

}  // namespace crossover::kernels::embedding_gradient
