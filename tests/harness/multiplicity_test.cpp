#include "harness/statistics/multiplicity.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <limits>
#include <random>
#include <rapidcheck.h>

#include "harness/statistics/statistics.h"

namespace crossover::harness {
namespace {

using Values = std::vector<double>;

Values with_signs(int negative, int zero, int positive) {
  Values values(static_cast<std::size_t>(negative), -0.5);
  values.insert(values.end(), static_cast<std::size_t>(zero), 0.0);
  values.insert(values.end(), static_cast<std::size_t>(positive), 0.25);
  return values;
}

TEST(SignTest, AgreesWithScipy) {
  // scipy.stats.binomtest(m, n, 0.5).pvalue, scipy 1.10.1.
  EXPECT_DOUBLE_EQ(sign_test_p(with_signs(0, 0, 6)), 0.03125);
  EXPECT_DOUBLE_EQ(sign_test_p(with_signs(5, 0, 1)), 0.21875);
  EXPECT_DOUBLE_EQ(sign_test_p(with_signs(8, 0, 0)), 0.0078125);
  EXPECT_DOUBLE_EQ(sign_test_p(with_signs(1, 0, 9)), 0.021484375);
  EXPECT_DOUBLE_EQ(sign_test_p(with_signs(8, 0, 2)), 0.109375);
  EXPECT_DOUBLE_EQ(sign_test_p(with_signs(3, 0, 12)), 0.03515625);
  EXPECT_DOUBLE_EQ(sign_test_p(with_signs(3, 0, 3)), 1);
}

TEST(SignTest, AZeroCountsForBothSides) {
  EXPECT_DOUBLE_EQ(sign_test_p(with_signs(0, 1, 9)), sign_test_p(with_signs(1, 0, 9)));
  EXPECT_DOUBLE_EQ(sign_test_p(with_signs(1, 1, 8)), sign_test_p(with_signs(2, 0, 8)));
  EXPECT_EQ(sign_test_p(with_signs(0, 10, 0)), 1);
}

TEST(SignTest, RefusesWhatIsNoMeasurement) {
  EXPECT_THROW(sign_test_p(Values{}), std::invalid_argument);
  EXPECT_THROW(sign_test_p(Values{1, std::numeric_limits<double>::quiet_NaN()}),
               std::invalid_argument);
}

TEST(SignTest, InvertsTheIntervalOfTheMedian) {
  EXPECT_TRUE(rc::check([] {
    const auto raw = *rc::gen::container<std::vector<int>>(rc::gen::inRange(-3, 8));
    const Values values(raw.begin(), raw.end());
    const auto interval = median_interval(values);
    if (!interval) return;
    const bool excludes = interval->ci.low > 0 || interval->ci.high < 0;
    // 1 - level is the p-value at which the interval of that level starts to exclude 0.
    RC_ASSERT(excludes == (sign_test_p(values) <= 1 - interval->level + 1e-12));
  }));
}

TEST(Holm, WorkedExample) {
  // By hand: 0.005 * 4, 0.01 * 3, 0.03 * 2, 0.04 * 1 = 0.02, 0.03, 0.06, 0.04 -> running maximum.
  const Values adjusted = holm_adjusted(Values{0.01, 0.04, 0.03, 0.005});
  EXPECT_DOUBLE_EQ(adjusted[0], 0.03);
  EXPECT_DOUBLE_EQ(adjusted[1], 0.06);
  EXPECT_DOUBLE_EQ(adjusted[2], 0.06);
  EXPECT_DOUBLE_EQ(adjusted[3], 0.02);
}

TEST(BenjaminiHochberg, WorkedExample) {
  // By hand: 0.005 * 4, 0.01 * 4/2, 0.03 * 4/3, 0.04 * 4/4 = 0.02, 0.02, 0.04, 0.04.
  const Values adjusted = benjamini_hochberg_adjusted(Values{0.01, 0.04, 0.03, 0.005});
  EXPECT_DOUBLE_EQ(adjusted[0], 0.02);
  EXPECT_DOUBLE_EQ(adjusted[1], 0.04);
  EXPECT_DOUBLE_EQ(adjusted[2], 0.04);
  EXPECT_DOUBLE_EQ(adjusted[3], 0.02);
  // And the running minimum from above: 0.03 * 2 = 0.06 falls back to 0.04 * 1.
  EXPECT_DOUBLE_EQ(benjamini_hochberg_adjusted(Values{0.03, 0.04})[0], 0.04);
}

TEST(Adjusted, EdgesAndErrors) {
  EXPECT_TRUE(holm_adjusted(Values{}).empty());
  EXPECT_TRUE(benjamini_hochberg_adjusted(Values{}).empty());
  EXPECT_EQ(holm_adjusted(Values{0.7, 0.9}), (Values{1, 1}));
  for (const double bad : {-0.1, 1.1, std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_THROW(holm_adjusted(Values{0.5, bad}), std::invalid_argument);
    EXPECT_THROW(benjamini_hochberg_adjusted(Values{0.5, bad}), std::invalid_argument);
  }
}

rc::Gen<Values> any_p_values() {
  return rc::gen::map(rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 1001)),
                      [](const std::vector<int>& thousandths) {
                        Values values;
                        for (const int value : thousandths) values.push_back(value / 1000.0);
                        return values;
                      });
}

TEST(Adjusted, HolmIsAtLeastHochbergIsAtLeastRawAndOrderIsKept) {
  EXPECT_TRUE(rc::check([] {
    const Values raw = *any_p_values();
    const Values holm = holm_adjusted(raw);
    const Values q = benjamini_hochberg_adjusted(raw);
    for (std::size_t i = 0; i < raw.size(); ++i) {
      RC_ASSERT(raw[i] <= q[i] + 1e-12);
      RC_ASSERT(q[i] <= holm[i] + 1e-12);
      RC_ASSERT(holm[i] <= std::min(1.0, raw[i] * static_cast<double>(raw.size())) + 1e-12);
      for (std::size_t j = 0; j < raw.size(); ++j) {
        if (raw[i] < raw[j]) RC_ASSERT(holm[i] <= holm[j] && q[i] <= q[j]);
      }
    }
  }));
}

TEST(MostComparisons, WhatSoManyLaunchesCarry) {
  EXPECT_EQ(most_comparisons(10), 25u);
  EXPECT_EQ(most_comparisons(15), 819u);
  EXPECT_EQ(most_comparisons(5), 0u);
  EXPECT_EQ(most_comparisons(6), 1u);
  EXPECT_EQ(most_comparisons(0), 0u);
  EXPECT_EQ(most_comparisons(3, 0.25), 1u) << "touching is enough";
  EXPECT_EQ(most_comparisons(5000), std::numeric_limits<std::size_t>::max());
  EXPECT_THROW(most_comparisons(10, 0), std::invalid_argument);
}

TEST(MostComparisons, IsWhereHolmStopsToReject) {
  for (const std::size_t launches : {6u, 8u, 10u}) {
    const double p = sign_test_p(Values(launches, 1.0));
    const std::size_t most = most_comparisons(launches);
    EXPECT_LE(holm_adjusted(Values(most, p))[0], 0.05);
    EXPECT_GT(holm_adjusted(Values(most + 1, p))[0], 0.05);
  }
}

TEST(MultiplicitySimulation, HolmKeepsTheFamilywiseRateOfTrueNulls) {
  std::mt19937_64 engine(20240503);
  std::normal_distribution<double> noise;
  constexpr int repetitions = 1000;
  int any = 0;
  int any_unadjusted = 0;
  for (int i = 0; i < repetitions; ++i) {
    Values p;
    for (int comparison = 0; comparison < 20; ++comparison) {
      Values effects;
      for (int launch = 0; launch < 15; ++launch) effects.push_back(noise(engine));
      p.push_back(sign_test_p(effects));
    }
    const Values adjusted = holm_adjusted(p);
    any += *std::min_element(adjusted.begin(), adjusted.end()) <= 0.05;
    any_unadjusted += *std::min_element(p.begin(), p.end()) <= 0.05;
  }
  EXPECT_LE(any, 67);  // 5% and two and a half standard deviations
  EXPECT_GT(any_unadjusted, 300) << "20 tests at 5% must fail often without it";
}

}  // namespace
}  // namespace crossover::harness
