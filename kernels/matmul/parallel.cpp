#include "kernels/matmul/parallel.h"

#include "kernels/core/partition.h"
#include "kernels/matmul/blocked.h"
#include "kernels/matmul/variants.h"

// One thread leaves all other cores idle. Here every thread of a team that waits from call to call
// computes its share of C by the loops of blocked. What limits it: small products end before the
// team has met, and the loops are no faster than blocked on one thread.

namespace crossover::kernels::matmul {
namespace {

// Rows of all batch elements, counted through: a share may end inside one element and start in the
// next one.
void multiply_rows(const Args& args, Range rows) {
  const Index m = args.c.rows;
  while (rows.size() > 0) {
    const Index element = rows.begin / m;
    const Index first = rows.begin % m;
    const Index count = std::min(m - first, rows.size());
    multiply_blocked({args.a.matrices(element, 1).block(first, 0, count, args.a.cols),
                      args.b.matrices(element, 1),
                      args.c.matrices(element, 1).block(first, 0, count, args.c.cols),
                      args.layout});
    rows.begin += count;
  }
}

void multiply_columns(const Args& args, Range columns) {
  multiply_blocked({args.a, columns_of_b(args, columns),
                    args.c.block(0, columns.begin, args.c.rows, columns.size()), args.layout});
}

void run(const Args& args, const Prepared&, std::span<std::byte>, const ParallelPolicy& policy) {
  parallel_region(policy, [&](int thread, int threads) { multiply_share(args, thread, threads); });
}

}  // namespace

void multiply_share(const Args& args, int thread, int threads) {
  const Index all_rows = args.c.batch * args.c.rows;
  if (all_rows >= threads) {
    multiply_rows(args, share(all_rows, threads, thread));
  } else {
    multiply_columns(args, share(args.c.cols, threads, thread));
  }
}

constinit const Kernel parallel = {
    .name = "parallel",
    .source = "blocked, contiguous rows (or columns) per OpenMP thread",
    .traits = {Threading::openmp, Simd::none, Packing::none},
    .why_unsupported = always_supported,
    .prepare = prepare_nothing,
    .workspace_bytes = no_workspace,
    .run = run,
};

}  // namespace crossover::kernels::matmul
