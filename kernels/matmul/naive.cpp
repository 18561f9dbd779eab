#include <cassert>

#include "kernels/matmul/variants.h"

// The definition as it is written in a textbook: every element of C is a dot product. What limits
// it: B is read down its columns, where the next number is a whole row away, and each addition
// waits for the one before.

namespace crossover::kernels::matmul {
namespace {

void multiply(const Args& args, Index element) {
  const auto& [a, b, c, layout] = args;
  const bool transposed = layout == Layout::abt;
  const Index depth_stride = transposed ? 1 : b.row_stride;
  const Index column_stride = transposed ? b.row_stride : 1;
  for (Index i = 0; i < c.rows; ++i) {
    for (Index j = 0; j < c.cols; ++j) {
      const float* a_row = a.row(element, i);                         // [k]
      const float* b_column = b.matrix(element) + j * column_stride;  // [k], depth_stride apart
      float sum = 0;
      for (Index p = 0; p < a.cols; ++p) sum += a_row[p] * b_column[p * depth_stride];
      c.row(element, i)[j] = sum;
    }
  }
}

void run(const Args& args, const Prepared&, std::span<std::byte>, const ParallelPolicy&) {
  assert(shapes_agree(args));
  parallel_region(ParallelPolicy{}, [&](int, int) {
    for (Index element = 0; element < args.c.batch; ++element) {
      multiply(args, element);
    }
  });
}

}  // namespace

constinit const Kernel naive = {
    .name = "naive",
    .source = "textbook i-j-k loops",
    .traits = {Threading::none, Simd::none, Packing::none},
    .why_unsupported = always_supported,
    .prepare = prepare_nothing,
    .workspace_bytes = no_workspace,
    .run = run,
};

}  // namespace crossover::kernels::matmul
