#include "harness/results/pair_verdict.h"

#include <gtest/gtest.h>
#include <vector>

namespace crossover::harness {
namespace {

std::map<int, double> by_launch(const std::vector<double>& values) {
  std::map<int, double> launches;
  for (std::size_t i = 0; i < values.size(); ++i) launches[static_cast<int>(i)] = values[i];
  return launches;
}

constexpr double margin = 0.02;
const std::vector<double> faster{0.30, 0.31, 0.29, 0.30, 0.32, 0.30};
const std::vector<double> much_faster{0.60, 0.61, 0.62, 0.60, 0.61, 0.60};
const std::vector<double> a_little_faster{0.10, 0.11, 0.12, 0.10, 0.11, 0.10};
const std::vector<double> around_zero{0.10, -0.11, 0.05, 0.07, -0.11, 0.10};
const std::vector<double> equal{0.001, -0.002, 0.003, 0.001, 0.0, -0.001};

Verdict verdict_of(const PairEffects& effects) { return pair_verdict(effects, margin); }

TEST(PairVerdict, BlocksThatWereNotSetAsideDecideAlone) {
  EXPECT_EQ(verdict_of({by_launch(faster), by_launch(around_zero), {}, {}, 0.05, false}),
            Verdict::faster);
  EXPECT_EQ(verdict_of({by_launch({0.3, 0.3, 0.3}), {}, {}, {}, 0, false}), Verdict::undecided)
      << "three launches have no interval";
}

TEST(PairVerdict, DisturbedBlocksNeedTheUndisturbedOnes) {
  const std::map<int, double> all = by_launch(faster);
  const std::map<int, double> unknown = by_launch(around_zero);
  EXPECT_EQ(verdict_of({by_launch(faster), all, unknown, all, 0.5, true}), Verdict::faster);
  EXPECT_EQ(verdict_of({by_launch(equal), all, unknown, all, 0.5, true}), Verdict::undecided);
  EXPECT_EQ(verdict_of({{}, all, unknown, all, 1, true}), Verdict::undecided);
}

TEST(PairVerdict, OrMustOutlastTheDisturbance) {
  const std::map<int, double> all = by_launch(faster);
  EXPECT_EQ(verdict_of({{}, all, by_launch(a_little_faster), by_launch(much_faster), 1, true}),
            Verdict::faster);
  EXPECT_EQ(verdict_of({{}, all, by_launch(equal), by_launch(much_faster), 1, true}),
            Verdict::undecided);
  EXPECT_EQ(verdict_of({{}, by_launch(equal), by_launch(equal), by_launch(equal), 1, true}),
            Verdict::equivalent);
  EXPECT_EQ(verdict_of({{}, by_launch(equal), by_launch(equal), all, 1, true}), Verdict::undecided);
}

}  // namespace
}  // namespace crossover::harness
