#include <cassert>

#include "kernels/embedding_gradient/in_order.h"
#include "kernels/embedding_gradient/variants.h"

// Every thread of a team runs the loops of naive on columns (and rows) of its own: no two write to
// the same place, so nothing is atomic and the bits are those of naive. What limits it: every
// thread reads all ids.

namespace crossover::kernels::embedding_gradient {
namespace {

void run(const Args& args, const Prepared&, std::span<std::byte>, const ParallelPolicy& policy) {
  assert(is_valid(args));
  parallel_region(policy, [&](int thread, int threads) {
    scatter_in_order(args, piece_of(args, thread, threads), add_row_naive);
  });
}

}  // namespace

constinit const Kernel parallel = {
    .name = "parallel",
    .source = "naive, columns and rows of its own per OpenMP thread",
    .traits = {Threading::openmp, Simd::none, Packing::none},
    .why_unsupported = why_unsupported,
    .prepare = prepare_nothing,
    .workspace_bytes = no_workspace,
    .run = run,
};

}  // namespace crossover::kernels::embedding_gradient
