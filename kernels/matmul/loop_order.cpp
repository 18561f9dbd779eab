#include <algorithm>
#include <cassert>

#include "kernels/matmul/variants.h"

// naive walks down a column of B in its inner loop: of every cache line that it fetches it uses one
// number, and from some size on every step is another page. Here the inner loop runs along a row of
// B and of C; the factor from A is the same for all of it. The operations are those of naive, in
// another order. What limits it next: all of B passes by for every row of C, so that a B that does
// not fit a cache is fetched from beyond it m times.

namespace crossover::kernels::matmul {
namespace {

// The rows of B's transpose are its columns: the dot products of naive run along memory already.
void multiply_row_transposed(const Args& args, Index element, Index i) {
  const float* a_row = args.a.row(element, i);  // [k]
  float* c_row = args.c.row(element, i);        // [n]
  for (Index j = 0; j < args.c.cols; ++j) {
    const float* bt_row = args.b.row(element, j);  // [k]
    float sum = 0;
    for (Index p = 0; p < args.a.cols; ++p) sum += a_row[p] * bt_row[p];
    c_row[j] = sum;
  }
}

void multiply_row(const Args& args, Index element, Index i) {
  const float* a_row = args.a.row(element, i);  // [k]
  float* c_row = args.c.row(element, i);        // [n]
  std::fill_n(c_row, args.c.cols, 0.0F);
  for (Index p = 0; p < args.a.cols; ++p) {
    const float factor = a_row[p];
    const float* b_row = args.b.row(element, p);  // [n]
    for (Index j = 0; j < args.c.cols; ++j) c_row[j] += factor * b_row[j];
  }
}

void run(const Args& args, const Prepared&, std::span<std::byte>, const ParallelPolicy&) {
  assert(shapes_agree(args));
  auto* const row = args.layout == Layout::abt ? multiply_row_transposed : multiply_row;
  parallel_region(ParallelPolicy{}, [&](int, int) {
    for (Index element = 0; element < args.c.batch; ++element) {
      for (Index i = 0; i < args.c.rows; ++i) row(args, element, i);
    }
  });
}

}  // namespace

constinit const Kernel loop_order = {
    .name = "loop_order",
    .source = "textbook i-p-j loops",
    .traits = {Threading::none, Simd::none, Packing::none},
    .why_unsupported = always_supported,
    .prepare = prepare_nothing,
    .workspace_bytes = no_workspace,
    .run = run,
};

}  // namespace crossover::kernels::matmul
