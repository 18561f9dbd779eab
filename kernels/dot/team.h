#pragma once

#include "kernels/core/partition.h"
#include "kernels/dot/pairs.h"

namespace crossover::kernels::dot {

/// Floats of workspace that each thread of a team has for its part of every pair: whole cache
/// lines, so that threads do not exchange them.
inline Index partial_stride(Index batch) {
  constexpr Index line_floats = 16;
  return round_up(batch, line_floats);
}

/// Bytes of workspace of multiply_with_team().
inline std::size_t team_workspace_bytes(const Problem& problem, const ParallelPolicy& policy) {
  if (problem.batch >= policy.threads) return 0;
  return sizeof(float) * static_cast<std::size_t>(policy.threads * partial_stride(problem.batch));
}

/// Computes a call with a team: whole pairs where there is one for each thread, else a part of
/// every pair, whose sums are added in the order of the threads, so that the same number of threads
/// gives the same bits. Cost: one parallel region.
template <class Multiply>
void multiply_with_team(const Args& args, std::span<std::byte> workspace,
                        const ParallelPolicy& policy, const Multiply& multiply_pairs) {
  constexpr Index granule = 16;  // floats of a cache line
  const Index batch = args.x.rows;
  if (batch >= policy.threads) {
    parallel_region(policy, [&](int thread, int threads) {
      const Range own = share(batch, threads, thread);
      multiply_pairs(
          part_of(args, own.begin, own.size(), 0, args.x.cols, args.result.data() + own.begin));
    });
    return;
  }
  auto* const partial = reinterpret_cast<float*>(workspace.data());  // [threads, stride]
  const Index stride = partial_stride(batch);
  int team = 1;  // may be smaller than asked for
  parallel_region(policy, [&](int thread, int threads) {
    if (thread == 0) team = threads;
    const Range own = share(args.x.cols, threads, thread, granule);
    multiply_pairs(part_of(args, 0, batch, own.begin, own.end, partial + thread * stride));
  });
  for (Index b = 0; b < batch; ++b) {
    float sum = 0;
    for (int thread = 0; thread < team; ++thread) sum += partial[thread * stride + b];
    args.result[static_cast<std::size_t>(b)] = sum;
  }
}

}  // namespace crossover::kernels::dot
