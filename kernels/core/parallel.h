#pragma once

#include <omp.h>

#include "kernels/core/execution_counters.h"

namespace crossover::kernels {

/// How a kernel may spread its work. An argument of every call, never a global; serial by default.
struct ParallelPolicy {
  int threads = 1;
};

/// Calls body(thread, threads) once on each of policy.threads threads and waits for all of them.
/// The region and the thread that ran each body are counted (execution_counters.h).
/// Cost: one OpenMP region, or a plain call for one thread.
template <class Body>
void parallel_region(const ParallelPolicy& policy, Body&& body) {
  if (policy.threads <= 1) {
    count_task();
    body(0, 1);
    return;
  }
  count_region();
#pragma omp parallel num_threads(policy.threads)
  {
    count_task();
    body(omp_get_thread_num(), omp_get_num_threads());
  }
}

}  // namespace crossover::kernels
