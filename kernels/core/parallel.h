#pragma once

#include <omp.h>

#include "kernels/core/execution_counters.h"
#include "kernels/core/thread_team.h"

namespace crossover::kernels {

/// Is told what the threads of parallel regions do, by those who want to know how long they wait;
/// kernels themselves read no clock. Regions of one thread are not told.
class RegionObserver {
 public:
  virtual ~RegionObserver() = default;
  /// By the calling thread, before the others start.
  virtual void began() = 0;
  /// By each thread, when its own part is done.
  virtual void arrived(int thread) = 0;
  /// By the calling thread, when all parts are done.
  virtual void ended() = 0;
};

/// How a kernel may spread its work. An argument of every call, never a global; serial by default.
struct ParallelPolicy {
  int threads = 1;
  ThreadTeam* team = nullptr;          // of `threads` members, led by the caller; null: OpenMP's
  RegionObserver* observer = nullptr;  // may be null

  /// The same for a call that has work for fewer threads. A team always works as a whole.
  ParallelPolicy with_threads(int count) const { return {count, team, observer}; }
};

/// Calls body(thread, threads) once on each of policy.threads threads, or of the team, and waits
/// for all of them. The region and the thread that ran each body are counted
/// (execution_counters.h). Cost: one OpenMP region or ThreadTeam::run(), or a plain call for one
/// thread.
template <class Body>
void parallel_region(const ParallelPolicy& policy, Body&& body) {
  if (policy.threads <= 1) {
    count_task();
    body(0, 1);
    return;
  }
  count_region();
  if (policy.observer) policy.observer->began();
  const auto part = [&](int thread, int threads) {
    count_task();
    body(thread, threads);
    if (policy.observer) policy.observer->arrived(thread);
  };
  if (policy.team) {
    policy.team->run(part);
  } else {
#pragma omp parallel num_threads(policy.threads)
    part(omp_get_thread_num(), omp_get_num_threads());
  }
  if (policy.observer) policy.observer->ended();
}

}  // namespace crossover::kernels
