#include <cassert>

#include "kernels/attention/scalar_row.h"
#include "kernels/attention/variants.h"

// The loops of naive, with queries dealt to a team one by one: under a causal mask the last ones
// see most keys, and contiguous shares would leave the first thread waiting.

namespace crossover::kernels::attention {
namespace {

// Of one thread; whole cache lines, so that threads do not exchange them.
Index row_elements(Index key_len) { return round_up(key_len, 64 / sizeof(float)); }

std::size_t workspace_bytes(const Problem& problem, const ParallelPolicy& policy) {
  return static_cast<std::size_t>(row_elements(problem.key_len) * policy.threads) * sizeof(float);
}

void run(const Args& args, const Prepared&, std::span<std::byte> workspace,
         const ParallelPolicy& policy) {
  assert(shapes_agree(args));
  const Index rows = args.o.batch * args.heads * args.o.rows;
  parallel_region(policy, [&](int thread, int threads) {
    float* const weights =
        reinterpret_cast<float*>(workspace.data()) + thread * row_elements(args.k.rows);
    for (Index row = thread; row < rows; row += threads) {
      const Index of_head = row / args.o.rows;
      attend_row(args, of_head / args.heads, of_head % args.heads, row % args.o.rows, weights);
    }
  });
}

}  // namespace

constinit const Kernel parallel = {
    .name = "parallel",
    .source = "naive, queries dealt to OpenMP threads in turn",
    .traits = {Threading::openmp, Simd::none, Packing::none},
    .why_unsupported = why_not_grouped,
    .prepare = prepare_nothing,
    .workspace_bytes = workspace_bytes,
    .run = run,
};

}  // namespace crossover::kernels::attention
