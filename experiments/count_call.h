#pragma once

#include "harness/case.h"
#include "kernels/core/execution_counters.h"

namespace crossover::experiments {

/// What the kernels count during one call; the code path is not known here.
template <class Call>
harness::ExecutionCounts count_call(const Call& call) {
  kernels::reset_execution_counters();
  call();
  const kernels::ExecutionCounters counted = kernels::read_execution_counters();
  return {counted.parallel_regions, counted.tasks, counted.threads_used, std::nullopt,
          counted.threads_started};
}

}  // namespace crossover::experiments
