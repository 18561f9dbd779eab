#include "harness/statistics/unpaired.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <random>
#include <rapidcheck.h>

namespace crossover::harness {
namespace {

using Values = std::vector<double>;

const Values run_a{1.0, 1.02, .99, 1.01, 1.03};
const Values run_b{.90, .93, .91, .92};
const double nan_value = std::numeric_limits<double>::quiet_NaN();

TEST(Unpaired, AgreesWithAnIndependentComputation) {
  // numpy for the three variances, scipy.stats.t at 6.2312 degrees of freedom (scipy 1.10.1).
  const Values aa_a{.01, -.02};
  const Values aa_b{.005};
  const auto estimate = unpaired_interval({run_a, aa_a}, {run_b, aa_b});
  ASSERT_TRUE(estimate);
  EXPECT_NEAR(estimate->value, 0.095, 1e-12);
  EXPECT_NEAR(estimate->ci.high - estimate->value, 0.03960120304027021, 1e-10);
  EXPECT_DOUBLE_EQ(estimate->level, 0.95);
}

TEST(Unpaired, WithoutATermBetweenRunsItIsWelchsInterval) {
  // As computed by hand and with scipy.stats.ttest_ind(equal_var=False), t = 9.9224.
  const Values none{0};
  const auto estimate = unpaired_interval({run_a, none}, {run_b, none});
  EXPECT_NEAR(estimate->ci.high - estimate->value, 0.022652202811816565, 1e-10);
}

TEST(Unpaired, NulloptWhereTheTermOrTheLaunchesAreMissing) {
  const Values aa{.01};
  const Values one{1};
  EXPECT_FALSE(unpaired_interval({run_a, {}}, {run_b, {}}));
  EXPECT_TRUE(unpaired_interval({run_a, {}}, {run_b, aa})) << "one run's A/A is enough";
  EXPECT_FALSE(unpaired_interval({one, aa}, {run_b, aa}));
  EXPECT_THROW(unpaired_interval({run_a, aa}, {run_b, aa}, 0), std::invalid_argument);
  const Values broken{1, nan_value};
  EXPECT_THROW(unpaired_interval({broken, aa}, {run_b, aa}), std::invalid_argument);
  EXPECT_THROW(unpaired_interval({run_a, broken}, {run_b, aa}), std::invalid_argument);
}

TEST(Unpaired, EqualValuesGiveNoWidth) {
  const Values same{2, 2};
  const Values none{0};
  const auto estimate = unpaired_interval({same, none}, {same, none});
  EXPECT_EQ(estimate->ci.low, 0);
  EXPECT_EQ(estimate->ci.high, 0);
}

TEST(Unpaired, ExchangingTheRunsFlipsIt) {
  EXPECT_TRUE(rc::check([] {
    const double aa = *rc::gen::inRange(-50, 51) / 1000.0;
    const Values effects{aa, 0.01};
    const auto ab = unpaired_interval({run_a, effects}, {run_b, effects});
    const auto ba = unpaired_interval({run_b, effects}, {run_a, effects});
    RC_ASSERT(std::abs(ab->value + ba->value) < 1e-12);
    RC_ASSERT(std::abs(ab->ci.low + ba->ci.high) < 1e-12);
  }));
}

TEST(UnpairedSimulation, CoversWhereRunsDifferAsMuchAsTheirReplicas) {
  std::mt19937_64 engine(20240506);
  std::normal_distribution<double> normal;
  constexpr int repetitions = 3000;
  constexpr double between = 0.02;
  int covered = 0;
  int covered_without = 0;
  for (int i = 0; i < repetitions; ++i) {
    const auto run = [&](double shift) {
      Values medians(10);
      for (double& one : medians) one = shift + 0.01 * normal(engine);
      return medians;
    };
    const auto aa = [&] {
      return Values{between * normal(engine), between * normal(engine), between * normal(engine)};
    };
    const Values a = run(between * normal(engine));
    const Values b = run(0);
    const Values aa_a = aa();
    const Values aa_b = aa();
    const Values none{0};
    const auto contains_zero = [](const Estimate& estimate) {
      return estimate.ci.low <= 0 && 0 <= estimate.ci.high;
    };
    covered += contains_zero(*unpaired_interval({a, aa_a}, {b, aa_b}));
    covered_without += contains_zero(*unpaired_interval({a, none}, {b, none}));
  }
  EXPECT_NEAR(covered, 0.95 * repetitions, 0.015 * repetitions);
  EXPECT_LT(covered_without, 0.5 * repetitions);
}

TEST(GeometricMean, IsTheMeanOverCellsPerLaunchThenOverLaunches) {
  // Launch means 0.12, 0.14, 0.10, 0.13; scipy.stats.t.interval(0.95, 3, ...), scipy 1.10.1.
  const std::vector<std::map<int, double>> cells{{{0, .02}, {1, .04}, {2, .00}, {3, .03}},
                                                 {{0, .22}, {1, .24}, {2, .20}, {3, .23}}};
  const auto estimate = geometric_mean_interval(cells);
  ASSERT_TRUE(estimate);
  EXPECT_NEAR(estimate->value, 0.1225, 1e-12);
  EXPECT_NEAR(estimate->ci.low, 0.0953246911620351, 1e-10);
  EXPECT_NEAR(estimate->ci.high, 0.1496753088379649, 1e-10);
}

TEST(GeometricMean, ALaunchWithoutACellIsLeftOut) {
  const std::vector<std::map<int, double>> cells{{{0, 1.0}, {1, 1.1}, {2, 5.0}, {4, 0.9}},
                                                 {{0, 2.0}, {1, 2.1}, {3, 9.0}, {4, 1.9}}};
  EXPECT_NEAR(geometric_mean_interval(cells)->value, 1.5, 1e-12);
  EXPECT_FALSE(geometric_mean_interval(std::vector<std::map<int, double>>{{{0, 1}}, {{0, 1}}}));
  EXPECT_FALSE(geometric_mean_interval(std::vector<std::map<int, double>>{}));
  EXPECT_THROW(geometric_mean_interval(std::vector<std::map<int, double>>{{{0, nan_value}}}),
               std::invalid_argument);
  EXPECT_THROW(geometric_mean_interval(cells, 1.5), std::invalid_argument);
}

}  // namespace
}  // namespace crossover::harness
