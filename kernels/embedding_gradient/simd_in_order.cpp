#include <cassert>

#include "kernels/embedding_gradient/in_order.h"
#include "kernels/embedding_gradient/simd_sums.h"
#include "kernels/embedding_gradient/variants.h"

// The order of naive with vectors, so that what sorting gives can be told from what vectors give.

namespace crossover::kernels::embedding_gradient {
namespace {

void run(const Args& args, const Prepared& prepared, std::span<std::byte>, const ParallelPolicy&) {
  assert(is_valid(args));
  parallel_region(ParallelPolicy{}, [&](int thread, int threads) {
    scatter_in_order(args, piece_of(args, thread, threads),
                     static_cast<const SimdPlan&>(prepared).sums.add_row);
  });
}

}  // namespace

constinit const Kernel simd_in_order = {
    .name = "simd_in_order",
    .source = "textbook scatter-add by vectors",
    .traits = {Threading::none, Simd::highway, Packing::none},
    .why_unsupported = why_unsupported,
    .prepare = prepare_simd,
    .workspace_bytes = no_workspace,
    .run = run,
};

}  // namespace crossover::kernels::embedding_gradient
