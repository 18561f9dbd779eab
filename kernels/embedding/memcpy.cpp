#include <cassert>
#include <cstring>

#include "kernels/embedding/variants.h"

// What most programs do: the C library copies each row. A scale takes a second pass over the row,
// which the copy has left in the nearest cache.

namespace crossover::kernels::embedding {
namespace {

void look_up(const Args& args) {
  const std::size_t row_bytes = static_cast<std::size_t>(args.out.cols) * sizeof(float);
  for (Index i = 0; i < args.out.rows; ++i) {
    float* out = args.out.row(0, i);
    if (row_bytes > 0) {
      std::memcpy(out, args.table.row(0, args.ids[static_cast<std::size_t>(i)]), row_bytes);
    }
    if (args.scale == 1) continue;
    for (Index j = 0; j < args.out.cols; ++j) out[j] *= args.scale;
  }
}

void run(const Args& args, const Prepared&, std::span<std::byte>, const ParallelPolicy&) {
  assert(is_valid(args));
  parallel_region(ParallelPolicy{}, [&](int, int) { look_up(args); });
}

}  // namespace

constinit const Kernel memcpy_rows = {
    .name = "memcpy",
    .source = "the C library's memcpy, row by row",
    .traits = {Threading::none, Simd::vendor, Packing::none},
    .why_unsupported = why_unsupported,
    .prepare = prepare_nothing,
    .workspace_bytes = no_workspace,
    .run = run,
};

}  // namespace crossover::kernels::embedding
