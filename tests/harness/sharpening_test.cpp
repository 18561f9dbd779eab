#include "harness/run/sharpening.h"

#include <cmath>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "tests/harness/fake_world.h"

namespace crossover::harness {
namespace {

double crossing_at_70(const Arm& arm, const Problem& problem) {
  const double n = static_cast<double>(extent(problem, "n"));
  const double serial = 1e-6 * n;
  return threads_of(arm) == 1 ? serial : serial * std::pow(n / 70, -0.4);
}

TEST(SharpeningSizes, AreGeometricAndInside) {
  EXPECT_EQ(sharpening_sizes({39, 72, true}, std::vector<std::int64_t>{39, 53, 72}),
            (std::vector<std::int64_t>{43, 46, 51, 55, 60, 66}));
  EXPECT_EQ(sharpening_sizes({4, 8, true}, {}), (std::vector<std::int64_t>{5, 6, 7}));
  EXPECT_TRUE(sharpening_sizes({4, 5, true}, {}).empty());
  EXPECT_EQ(sharpening_sizes({1, 1'000'000'000'000'000, true}, {}).size(), 6u);
}

TEST(SharpeningSizes, AreNewDistinctAndAscending) {
  EXPECT_TRUE(rc::check([] {
    const auto from = *rc::gen::inRange<std::int64_t>(1, 3000);
    const auto to = from + *rc::gen::inRange<std::int64_t>(1, 3000);
    const auto measured =
        *rc::gen::container<std::vector<std::int64_t>>(rc::gen::inRange(from, to + 1));
    const auto sizes = sharpening_sizes({from, to, true}, measured);
    RC_ASSERT(sizes.size() <= 6u);
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      RC_ASSERT(from < sizes[i] && sizes[i] < to);
      // Not `i == 0 || ...`: RC_ASSERT takes the operators over, and both sides are evaluated.
      if (i > 0) RC_ASSERT(sizes[i - 1] < sizes[i]);
      RC_ASSERT(std::count(measured.begin(), measured.end(), sizes[i]) == 0);
    }
  }));
}

TEST(Sharpening, NewSizesInsideTheBracketAreMeasuredByTheTwoArmsAlone) {
  FakeRun run(
      "question = crossover\nvariants = simd_parallel[threads=2], naive\nagainst = simd\n"
      "size = 16..512*1.6\nlaunches = 6, 10\nsharpen = 7\n",
      crossing_at_70);
  run.run();
  const SectionPlan& plan = run.plan.sections[0];
  ASSERT_EQ(plan.sharpenings.size(), 1u);
  EXPECT_EQ(run.observer.plan_changes, 1);
  const Sharpening& sharpening = plan.sharpenings[0];
  ASSERT_EQ(sharpening.problems.size(), 6u);
  for (std::size_t i = 0; i < sharpening.problems.size(); ++i) {
    const std::size_t problem = sharpening.problems[i];
    EXPECT_EQ(extent(plan.problems[problem], "m"), sharpening.axis_values[i]);
    EXPECT_EQ(extent(plan.problems[problem], "k"), sharpening.axis_values[i]);
    for (std::size_t arm = 0; arm < plan.arms.size(); ++arm) {
      const bool involved = arm == sharpening.pair.variant || arm == sharpening.pair.against;
      EXPECT_EQ(run.runner.evidence(0).launches(arm, problem), involved ? 7u : 0u);
    }
  }
}

TEST(Sharpening, PairsShareTheSizesThatTheyHaveInCommon) {
  FakeRun run(
      "question = crossover\nvariants = simd_parallel, parallel\nthreads = 2\nagainst = simd\n"
      "size = 16..512*1.6\nlaunches = 6, 10\nsharpen = 7\n",
      crossing_at_70);
  run.run();
  const SectionPlan& plan = run.plan.sections[0];
  ASSERT_EQ(plan.sharpenings.size(), 2u);
  const std::set<Problem> distinct(plan.problems.begin(), plan.problems.end());
  EXPECT_EQ(distinct.size(), plan.problems.size()) << "no problem stands twice";
}

TEST(Sharpening, CanBeSwitchedOffAndNeedsOneCrossing) {
  const std::string config =
      "question = crossover\nvariants = simd_parallel[threads=2]\nagainst = simd\n"
      "size = 16..512*1.6\nlaunches = 6, 10\n";
  FakeRun off(config + "sharpen = off\n", crossing_at_70);
  off.run();
  EXPECT_TRUE(off.plan.sections[0].sharpenings.empty());
  FakeRun never(config, [](const Arm& arm, const Problem& problem) {
    return (threads_of(arm) == 1 ? 1.0 : 1.5) * 1e-6 * static_cast<double>(extent(problem, "n"));
  });
  never.run();
  EXPECT_TRUE(never.plan.sections[0].sharpenings.empty());
}

}  // namespace
}  // namespace crossover::harness
