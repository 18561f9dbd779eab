#include "harness/statistics/detectable.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <random>

#include "harness/statistics/statistics.h"

namespace crossover::harness {
namespace {

TEST(Detectable, AgreesWithScipy) {
  // scipy 1.10.1: exp(sd * norm.ppf(betaincinv(n - k, k + 1, 0.9))); k = 0, 1, 5.
  EXPECT_NEAR(*detectable_ratio(0.01, 6), 1.0213294872407122, 1e-12);
  EXPECT_NEAR(*detectable_ratio(0.01, 10), 1.0161535300846398, 1e-12);
  EXPECT_NEAR(*detectable_ratio(0.02, 20), 1.019601750145006, 1e-12);
}

TEST(Detectable, IsFoundAsOftenAsItSays) {
  std::mt19937_64 engine(20240505);
  constexpr int repetitions = 4000;
  for (const std::size_t launches : {8u, 10u, 20u}) {
    const double effect = std::log(*detectable_ratio(0.02, launches));
    std::normal_distribution<double> noise(effect, 0.02);
    int found = 0;
    for (int i = 0; i < repetitions; ++i) {
      std::vector<double> effects(launches);
      for (double& one : effects) one = noise(engine);
      found += median_interval(effects)->ci.low > 0;
    }
    // Three standard deviations of a rate of 90%.
    EXPECT_NEAR(found, 0.9 * repetitions, 3 * std::sqrt(repetitions * 0.09)) << launches;
  }
}

TEST(Detectable, EdgesAndErrors) {
  EXPECT_FALSE(detectable_ratio(0.01, 5)) << "no interval at five launches";
  EXPECT_EQ(detectable_ratio(0, 10), 1.0);
  EXPECT_GT(*detectable_ratio(0.01, 10, 0.99), *detectable_ratio(0.01, 10, 0.9));
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THROW(detectable_ratio(-0.01, 10), std::invalid_argument);
  EXPECT_THROW(detectable_ratio(nan, 10), std::invalid_argument);
  EXPECT_THROW(detectable_ratio(0.01, 10, 1), std::invalid_argument);
}

TEST(PooledLaunchSd, PoolsAroundEachCellsMean) {
  // Squares 2 + 0.02 on one and two degrees of freedom.
  const std::vector<std::vector<double>> effects{{1, 3}, {5, 5.1, 4.9}, {7}, {}};
  EXPECT_NEAR(*pooled_launch_sd(effects), std::sqrt(2.02 / 3), 1e-12);
  EXPECT_FALSE(pooled_launch_sd(std::vector<std::vector<double>>{{1}, {}}));
  EXPECT_THROW(pooled_launch_sd(std::vector<std::vector<double>>{{1, INFINITY}}),
               std::invalid_argument);
}

}  // namespace
}  // namespace crossover::harness
