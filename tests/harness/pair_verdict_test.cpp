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
  EXPECT_EQ(verdict_of({by_launch(faster), by_launch(around_zero), {}, 0.05, false}),
            Verdict::faster);
  EXPECT_EQ(verdict_of({by_launch({0.3, 0.3, 0.3}), {}, {}, 0, false}), Verdict::undecided)
      << "three launches have no interval";
}

Verdict verdict_with(const std::vector<double>& all, const SecondOpinion& bounds) {
  return verdict_of({{}, by_launch(all), bounds, 0.5, true});
}

TEST(PairVerdict, DisturbedBlocksNeedTheUndisturbedOnes) {
  const BoundedEffects unknown{around_zero, faster};
  EXPECT_EQ(verdict_with(faster, {{a_little_faster, faster}, unknown}), Verdict::faster);
  EXPECT_EQ(verdict_with(faster, {{equal, faster}, unknown}), Verdict::undecided);
  EXPECT_EQ(verdict_with(faster, {{}, unknown}), Verdict::undecided);
}

TEST(PairVerdict, OrMustOutlastTheDisturbance) {
  EXPECT_EQ(verdict_with(faster, {{}, {a_little_faster, much_faster}}), Verdict::faster);
  EXPECT_EQ(verdict_with(faster, {{}, {equal, much_faster}}), Verdict::undecided);
  EXPECT_EQ(verdict_with(equal, {{}, {equal, equal}}), Verdict::equivalent);
  EXPECT_EQ(verdict_with(equal, {{}, {equal, faster}}), Verdict::undecided);
}

// Blocks pass as undisturbed that lost up to 2%: a gate must not take that for a regression.
TEST(SimultaneousInterval, HoldsWhatAGateMayNotKnow) {
  const std::vector<double> slower{-0.015, -0.016, -0.014, -0.015, -0.015, -0.016};
  const PairEffects quiet{by_launch(slower), by_launch(slower), {}, 0, false};
  EXPECT_LT(simultaneous_interval(quiet, 1, 1).high, -0.01);
  const PairEffects disturbed{
      by_launch(slower), by_launch(slower), {{slower, equal}, {slower, equal}}, 0.5, true};
  EXPECT_GT(simultaneous_interval(disturbed, 1, 1).high, 0);
  EXPECT_LT(simultaneous_interval(disturbed, 1, 1).low, -0.01);
}

}  // namespace
}  // namespace crossover::harness
