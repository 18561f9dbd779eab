#pragma once

#include "kernels/core/partition.h"
#include "kernels/matvec/rows.h"

namespace crossover::kernels::matvec {

/// Floats of workspace that each thread of a team has for its part of every row: whole cache lines,
/// so that threads do not exchange them.
inline Index partial_stride(Index m) {
  constexpr Index line_floats = 16;
  return round_up(m, line_floats);
}

/// Bytes of workspace of multiply_with_team(): below the square of the number of threads.
inline std::size_t team_workspace_bytes(const Problem& problem, const ParallelPolicy& policy) {
  if (problem.m >= policy.threads) return 0;
  return sizeof(float) * static_cast<std::size_t>(policy.threads * partial_stride(problem.m));
}

/// Computes a product with a team: whole rows where there is one for each thread, else a part of
/// every row, whose sums are added in the order of the threads, so that the same number of threads
/// gives the same bits. Cost: one parallel region.
template <class Multiply>
void multiply_with_team(const Args& args, std::span<std::byte> workspace,
                        const ParallelPolicy& policy, const Multiply& multiply_rows) {
  constexpr Index granule = 16;  // floats of a cache line
  const Index m = args.a.rows;
  if (m >= policy.threads) {
    parallel_region(policy, [&](int thread, int threads) {
      const Range own = share(m, threads, thread);
      multiply_rows(
          part_of(args, own.begin, own.size(), 0, args.a.cols, args.y.data() + own.begin));
    });
    return;
  }
  auto* const partial = reinterpret_cast<float*>(workspace.data());  // [threads, stride]
  const Index stride = partial_stride(m);
  int team = 1;  // may be smaller than asked for
  parallel_region(policy, [&](int thread, int threads) {
    if (thread == 0) team = threads;
    const Range own = share(args.a.cols, threads, thread, granule);
    multiply_rows(part_of(args, 0, m, own.begin, own.end, partial + thread * stride));
  });
  for (Index i = 0; i < m; ++i) {
    float sum = 0;
    for (int thread = 0; thread < team; ++thread) sum += partial[thread * stride + i];
    args.y[static_cast<std::size_t>(i)] = sum;
  }
}

}  // namespace crossover::kernels::matvec
