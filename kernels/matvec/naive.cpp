#include <cassert>

#include "kernels/matvec/scalar_rows.h"
#include "kernels/matvec/variants.h"

// The definition as it is written in a textbook: a dot product per row. What limits it: each
// addition waits for the one before.

namespace crossover::kernels::matvec {
namespace {

void run(const Args& args, const Prepared&, std::span<std::byte>, const ParallelPolicy&) {
  assert(shapes_agree(args));
  parallel_region(ParallelPolicy{}, [&](int, int) { multiply_rows_naive(all_rows(args)); });
}

}  // namespace

void multiply_rows_naive(const Rows& r) {
  for (Index i = 0; i < r.m; ++i) {
    const float* row = r.a + i * r.stride;
    float sum = 0;
    for (Index j = 0; j < r.n; ++j) sum += row[j] * r.x[j];
    r.y[i] = sum;
  }
}

constinit const Kernel naive = {
    .name = "naive",
    .source = "textbook i-j loops",
    .traits = {Threading::none, Simd::none, Packing::none},
    .why_unsupported = always_supported,
    .prepare = prepare_nothing,
    .workspace_bytes = no_workspace,
    .run = run,
};

}  // namespace crossover::kernels::matvec
