#include <cassert>

#include "kernels/embedding_gradient/in_order.h"
#include "kernels/embedding_gradient/variants.h"

// The definition as it is written in a textbook: rows are cleared, then every token adds to its
// own. What limits it: a row of the gradient is written before the first token and read and written
// again for each.

namespace crossover::kernels::embedding_gradient {
namespace {

void run(const Args& args, const Prepared&, std::span<std::byte>, const ParallelPolicy&) {
  assert(is_valid(args));
  parallel_region(ParallelPolicy{}, [&](int thread, int threads) {
    scatter_in_order(args, piece_of(args, thread, threads), add_row_naive);
  });
}

}  // namespace

constinit const Kernel naive = {
    .name = "naive",
    .source = "textbook scatter-add",
    .traits = {Threading::none, Simd::none, Packing::none},
    .why_unsupported = why_unsupported,
    .prepare = prepare_nothing,
    .workspace_bytes = no_workspace,
    .run = run,
};

}  // namespace crossover::kernels::embedding_gradient
