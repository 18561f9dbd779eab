#include <cassert>

#include "kernels/embedding/scalar_lookup.h"
#include "kernels/embedding/variants.h"

// Every thread of a team runs the loops of naive on its share of the tokens. What limits it: short
// texts end before the team has met.

namespace crossover::kernels::embedding {
namespace {

void run(const Args& args, const Prepared&, std::span<std::byte>, const ParallelPolicy& policy) {
  assert(is_valid(args));
  parallel_region(policy,
                  [&](int thread, int threads) { look_up_naive(share_of(args, thread, threads)); });
}

}  // namespace

constinit const Kernel parallel = {
    .name = "parallel",
    .source = "naive, contiguous tokens (or columns) per OpenMP thread",
    .traits = {Threading::openmp, Simd::none, Packing::none},
    .why_unsupported = why_unsupported,
    .prepare = prepare_nothing,
    .workspace_bytes = no_workspace,
    .run = run,
};

}  // namespace crossover::kernels::embedding
