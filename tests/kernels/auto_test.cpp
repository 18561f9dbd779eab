#include <gtest/gtest.h>

#include "tests/kernels/matmul_case.h"

namespace crossover::kernels::test {
namespace {

using matmul::DispatchPolicy;

// m = 1, 2; n = 16, 32; two threads from k = 64 at (1,16) down to k = 16 at (2,32), four from four
// times that.
const DispatchPolicy policy{0, 4, 2, 2, {{2, {6, 5, 5, 4}}, {4, {8, 7, 7, 6}}}};

TEST(DispatchPolicy, ChoosesTheLargestCountWhoseBoundaryIsReached) {
  EXPECT_EQ(policy.threads(policy.choose(1, 16, 63, 4)), 1);
  EXPECT_EQ(policy.threads(policy.choose(1, 16, 64, 4)), 2);
  EXPECT_EQ(policy.threads(policy.choose(1, 16, 255, 4)), 2);
  EXPECT_EQ(policy.threads(policy.choose(1, 16, 256, 4)), 4);
  EXPECT_EQ(policy.threads(policy.choose(2, 32, 16, 4)), 2);
}

TEST(DispatchPolicy, NeverExceedsTheThreadsThereAre) {
  EXPECT_EQ(policy.threads(policy.choose(2, 32, 4096, 3)), 2);
  EXPECT_EQ(policy.threads(policy.choose(2, 32, 4096, 1)), 1);
}

TEST(DispatchPolicy, InterpolatesInLogSpaceAndHoldsTheEdgeBeyondTheGrid) {
  const DispatchPolicy wide{0, 0, 3, 2, {{2, {8, 8, 6, 6, 4, 4}}}};
  EXPECT_EQ(wide.choose(1, 1, 255, 2), 0u);
  EXPECT_EQ(wide.choose(3, 1, 28, 2), 0u);  // log2 3 = 1.585: 6 - 2 * 0.585 = 4.83, k* = 28.4
  EXPECT_EQ(wide.choose(3, 1, 29, 2), 1u);
  EXPECT_EQ(wide.choose(1000, 1000, 15, 2), 0u);
  EXPECT_EQ(wide.choose(1000, 1000, 16, 2), 1u);
}

TEST(DispatchPolicy, EmptyExtentsAreForOneThread) {
  const DispatchPolicy low{0, 0, 2, 2, {{2, {-3, -3, -3, -3}}}};
  EXPECT_EQ(low.choose(0, 5, 0, 2), 0u);
  EXPECT_EQ(low.choose(0, 0, 1, 2), 1u);
}

ExecutionCounters executed(const matmul::Problem& problem, int threads) {
  const matmul::Kernel& kernel = *matmul::find("auto");
  Operands operands({.problem = problem, .layout = {}});
  const matmul::Args args = operands.args();
  const auto prepared = kernel.prepare(problem, {args.b, &policy}, {threads});
  const Workspace workspace(kernel.workspace_bytes(problem, {threads}));
  reset_execution_counters();
  kernel.run(args, *prepared, workspace.span(), {threads});
  EXPECT_EQ(matmul::why_wrong(args, 1), std::nullopt);
  return read_execution_counters();
}

TEST(Auto, RunsWhatThePolicySays) {
  EXPECT_EQ(executed({1, 2, 32, 8}, 2).parallel_regions, 0u);
  EXPECT_EQ(executed({1, 2, 32, 64}, 2).parallel_regions, 1u);
  EXPECT_EQ(executed({1, 2, 32, 64}, 2).threads_used, 2u);
  EXPECT_EQ(executed({1, 2, 32, 64}, 1).parallel_regions, 0u);
}

TEST(Auto, CountsABatchAsRows) {
  EXPECT_EQ(executed({1, 1, 16, 40}, 2).parallel_regions, 0u);
  EXPECT_EQ(executed({2, 1, 16, 40}, 2).parallel_regions, 1u);
}

TEST(Auto, NamesWhatRuns) {
  const matmul::Kernel& kernel = *matmul::find("auto");
  const auto serial = kernel.prepare({1, 2, 32, 8}, {{}, &policy}, {2})->code_path();
  EXPECT_TRUE(serial.value_or("").starts_with("simd ")) << serial.value_or("");
  const auto parallel = kernel.prepare({1, 2, 32, 64}, {{}, &policy}, {2})->code_path();
  EXPECT_TRUE(parallel.value_or("").starts_with("simd_parallel[threads=2] "));
}

TEST(Auto, SaysWhatToDoWithoutAPolicy) {
  try {
    matmul::find("auto")->prepare({1, 8, 8, 8}, {}, {2});
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("policy = FILE"), std::string::npos);
  }
}

}  // namespace
}  // namespace crossover::kernels::test
