#include "kernels/probe/fma_f32.h"

#include <gtest/gtest.h>
#include <vector>

#include "kernels/core/execution_counters.h"
#include "tests/kernels/matmul_case.h"

namespace crossover::kernels::test {
namespace {

std::vector<double> run_probe(const probe::FmaProblem& problem, int threads) {
  std::vector<double> gained(static_cast<std::size_t>(threads), -1);
  const probe::FmaKernel& kernel = probe::fma_f32();
  const auto prepared = kernel.prepare(problem, {threads});
  kernel.run({.gained = gained}, *prepared, {}, {threads});
  return gained;
}

TEST(FmaProbe, CountsItsOwnMultiplyAddsOnEveryInstructionSet) {
  for (const std::string& set : instruction_sets()) {
    const ForcedInstructionSet forced(set);
    for (const Index iterations : {0, 1, 1000, 200'000}) {
      for (const int threads : {1, 2, 3}) {
        std::vector<double> gained = run_probe({iterations}, threads);
        EXPECT_EQ(probe::why_fma_wrong({iterations}, {.gained = gained}), std::nullopt) << set;
      }
    }
  }
}

TEST(FmaProbe, MissingWorkIsNoticed) {
  std::vector<double> gained = run_probe({999}, 2);
  EXPECT_NE(probe::why_fma_wrong({1000}, {.gained = gained}), std::nullopt);
}

TEST(FmaProbe, RefusesWhatItCannotCount) {
  EXPECT_NE(probe::fma_f32().why_unsupported({200'001}), std::nullopt);
  EXPECT_EQ(probe::fma_f32().why_unsupported({200'000}), std::nullopt);
}

TEST(FmaProbe, RunsOneTaskPerThread) {
  reset_execution_counters();
  run_probe({10}, 2);
  EXPECT_EQ(read_execution_counters().threads_used, 2U);
  EXPECT_EQ(probe::fma_flops({10}, {2}), 2.0 * 2 * 768 * 10);
}

}  // namespace
}  // namespace crossover::kernels::test
