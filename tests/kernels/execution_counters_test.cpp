#include "kernels/core/execution_counters.h"

#include <gtest/gtest.h>
#include <thread>
#include <vector>

#include "tests/kernels/matmul_case.h"

namespace crossover::kernels::test {
namespace {

ExecutionCounters count(std::string_view variant, int threads) {
  const matmul::Problem problem = {1, 64, 64, 64};
  const matmul::Kernel& kernel = *matmul::find(variant);
  const Operands operands({.problem = problem, .layout = {}});
  const ParallelPolicy policy = {threads};
  const auto prepared = kernel.prepare(problem, {}, policy);
  const Workspace workspace(kernel.workspace_bytes(problem, policy));
  reset_execution_counters();
  kernel.run(operands.args(), *prepared, workspace.span(), policy);
  return read_execution_counters();
}

void expect_counts(const ExecutionCounters& counters, std::uint64_t regions, std::uint64_t tasks,
                   std::uint64_t threads) {
  EXPECT_EQ(counters.parallel_regions, regions);
  EXPECT_EQ(counters.tasks, tasks);
  EXPECT_EQ(counters.threads_used, threads);
}

TEST(ExecutionCounters, SerialVariantsRunOneTaskWithoutRegion) {
  for (const char* variant : {"naive", "loop_order", "blocked", "register_tile", "packed", "simd"})
    expect_counts(count(variant, 2), 0, 1, 1);
}

TEST(ExecutionCounters, ParallelVariantsRunOneTaskPerThread) {
  for (const char* variant : {"parallel", "parallel_spawn", "simd_parallel"}) {
    expect_counts(count(variant, 1), 0, 1, 1);
    expect_counts(count(variant, 2), 1, 2, 2);
    expect_counts(count(variant, 5), 1, 5, 5);
  }
}

TEST(ExecutionCounters, ThreadsOfOneCallAreThoseBesideTheCaller) {
  for (const int threads : {1, 2, 5}) {
    EXPECT_EQ(count("parallel_spawn", threads).threads_started,
              static_cast<std::uint64_t>(threads - 1));
    EXPECT_EQ(count("parallel", threads).threads_started, 0U);
  }
}

TEST(ExecutionCounters, ResetForgetsThreadsThatLive) {
  count("simd_parallel", 2);
  reset_execution_counters();
  expect_counts(read_execution_counters(), 0, 0, 0);
}

TEST(ExecutionCounters, ThreadsThatEndedStayCounted) {
  constexpr int calls = 200;
  reset_execution_counters();
  for (int call = 0; call < calls; ++call) std::thread(count_task).join();
  expect_counts(read_execution_counters(), 0, calls, calls);
  reset_execution_counters();
  expect_counts(read_execution_counters(), 0, 0, 0);
}

TEST(ExecutionCounters, ThreadsThatStartedNoTaskAreNotCounted) {
  reset_execution_counters();
  std::thread([] { count_region(); }).join();
  expect_counts(read_execution_counters(), 1, 0, 0);
}

TEST(ExecutionCounters, NothingIsLostWhenManyThreadsCount) {
  constexpr int threads = 8;
  constexpr int tasks = 10'000;
  reset_execution_counters();
  {
    std::vector<std::jthread> pool;
    for (int t = 0; t < threads; ++t) {
      pool.emplace_back([] {
        for (int i = 0; i < tasks; ++i) {
          count_task();
          count_region();
        }
      });
    }
  }
  expect_counts(read_execution_counters(), threads * tasks, threads * tasks, threads);
}

TEST(ExecutionCounters, KernelsRunFromAnyThread) {
  ExecutionCounters counters;
  std::thread([&] { counters = count("simd_parallel", 2); }).join();
  expect_counts(counters, 1, 2, 2);
}

}  // namespace
}  // namespace crossover::kernels::test
