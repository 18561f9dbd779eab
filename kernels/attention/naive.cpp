#include <cassert>

#include "kernels/attention/scalar_row.h"
#include "kernels/attention/variants.h"

// The definition, one query after the other: a dot product for each key, a softmax over the row,
// a weighted sum of the values. What limits it: each addition of a dot product waits for the one
// before, and keys and values are read again for every query.

namespace crossover::kernels::attention {
namespace {

std::size_t workspace_bytes(const Problem& problem, const ParallelPolicy&) {
  return static_cast<std::size_t>(problem.key_len) * sizeof(float);
}

void run(const Args& args, const Prepared&, std::span<std::byte> workspace, const ParallelPolicy&) {
  assert(shapes_agree(args));
  auto* const weights = reinterpret_cast<float*>(workspace.data());
  parallel_region(ParallelPolicy{}, [&](int, int) {
    for (Index element = 0; element < args.o.batch; ++element) {
      for (Index head = 0; head < args.heads; ++head) {
        for (Index query = 0; query < args.o.rows; ++query) {
          attend_row(args, element, head, query, weights);
        }
      }
    }
  });
}

}  // namespace

constinit const Kernel naive = {
    .name = "naive",
    .source = "textbook dot products",
    .traits = {Threading::none, Simd::none, Packing::none},
    .why_unsupported = why_not_grouped,
    .prepare = prepare_nothing,
    .workspace_bytes = workspace_bytes,
    .run = run,
};

}  // namespace crossover::kernels::attention
