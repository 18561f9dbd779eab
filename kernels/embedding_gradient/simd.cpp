#include <cassert>

#include "kernels/embedding_gradient/simd_sums.h"
#include "kernels/embedding_gradient/variants.h"

namespace crossover::kernels::embedding_gradient {
namespace {

void run(const Args& args, const Prepared& prepared, std::span<std::byte> workspace,
         const ParallelPolicy&) {
  assert(is_valid(args));
  const SimdSums& sums = static_cast<const SimdPlan&>(prepared).sums;
  parallel_region(ParallelPolicy{}, [&](int thread, int threads) {
    scatter_sorted(args, piece_of(args, thread, threads), workspace,
                   [&](std::span<const SortedToken> tokens, std::size_t count, Range columns,
                       float* to) { sums.sum_group(args, tokens, count, columns, to); });
  });
}

std::size_t workspace_bytes(const Problem& problem, const ParallelPolicy&) {
  return sort_workspace_bytes(problem.tokens);
}

}  // namespace

constinit const Kernel simd = {
    .name = "simd",
    .source = "sorted, four rows at once by vectors",
    .traits = {Threading::none, Simd::highway, Packing::none},
    .why_unsupported = why_unsupported,
    .prepare = prepare_simd,
    .workspace_bytes = workspace_bytes,
    .run = run,
};

}  // namespace crossover::kernels::embedding_gradient
