#include <cassert>

#include "kernels/embedding/scalar_lookup.h"
#include "kernels/embedding/variants.h"

// The definition as it is written in a textbook. What limits it: each instruction moves one number.

namespace crossover::kernels::embedding {
namespace {

void run(const Args& args, const Prepared&, std::span<std::byte>, const ParallelPolicy&) {
  assert(is_valid(args));
  parallel_region(ParallelPolicy{}, [&](int, int) { look_up_naive(args); });
}

}  // namespace

void look_up_naive(const Args& args) {
  for (Index i = 0; i < args.out.rows; ++i) {
    const float* row = args.table.row(0, args.ids[static_cast<std::size_t>(i)]);  // [dim]
    float* out = args.out.row(0, i);                                              // [dim]
    for (Index j = 0; j < args.out.cols; ++j) out[j] = args.scale * row[j];
  }
}

constinit const Kernel naive = {
    .name = "naive",
    .source = "textbook loops",
    .traits = {Threading::none, Simd::none, Packing::none},
    .why_unsupported = why_unsupported,
    .prepare = prepare_nothing,
    .workspace_bytes = no_workspace,
    .run = run,
};

}  // namespace crossover::kernels::embedding
