#pragma once

#include <cstdint>

namespace crossover::kernels {

/// What executed since the last reset_execution_counters(): counted events, never computed ones.
struct ExecutionCounters {
  std::uint64_t parallel_regions = 0;
  std::uint64_t tasks = 0;            // pieces of work started, on any thread
  std::uint64_t threads_used = 0;     // distinct threads that started at least one task
  std::uint64_t threads_started = 0;  // created for one call, by kernels that keep no team
};

/// One relaxed add; call it where a parallel region is entered.
void count_region();

/// One add on a counter that only the calling thread writes; call it where a thread starts work.
void count_task();

/// One relaxed add; call it where a kernel creates a thread that ends with the call.
void count_thread_start();

/// Both may only be called while no kernel runs.
void reset_execution_counters();
ExecutionCounters read_execution_counters();

}  // namespace crossover::kernels
