#include "harness/statistics/statistics.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <numbers>
#include <rapidcheck.h>
#include <stdexcept>
#include <vector>

namespace crossover::harness {
namespace {

using Values = std::vector<double>;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

// Dyadic fractions: sums and halves of them are exact, so equivariance can be tested for equality.
rc::Gen<Values> dyadic_values(int min_count, int max_count) {
  const auto value = rc::gen::map(rc::gen::inRange(-4096, 4097), [](int i) { return i / 64.0; });
  return rc::gen::mapcat(rc::gen::inRange(min_count, max_count + 1), [value](int count) {
    return rc::gen::container<Values>(static_cast<std::size_t>(count), value);
  });
}

template <typename Function>
Values transformed(Values values, Function function) {
  std::transform(values.begin(), values.end(), values.begin(), function);
  return values;
}

Values one_to(int n) {
  Values values;
  for (int i = 1; i <= n; ++i) values.push_back(i);
  return values;
}

TEST(Median, OddEvenAndSingle) {
  EXPECT_EQ(median(Values{3, 1, 2}), 2);
  EXPECT_EQ(median(Values{4, 1, 3, 2}), 2.5);
  EXPECT_EQ(median(Values{-7}), -7);
}

TEST(Median, RefusesWhatHasNoOrder) {
  EXPECT_THROW(median({}), std::invalid_argument);
  EXPECT_THROW(median(Values{1, nan, 2}), std::invalid_argument);
  EXPECT_THROW(median(Values{1, infinity}), std::invalid_argument);
}

TEST(HodgesLehmann, SmallExampleByHand) {
  // Pairwise means of 1, 2, 9: 1, 1.5, 5, 2, 5.5, 9; sorted 1, 1.5, 2, 5, 5.5, 9; middle (2 + 5)
  // / 2. Without i = j they would be 1.5, 5, 5.5 and the median 5.
  EXPECT_EQ(hodges_lehmann(Values{1, 2, 9}), 3.5);
  EXPECT_EQ(hodges_lehmann(Values{4, 8}), 6);
  EXPECT_EQ(hodges_lehmann(Values{5}), 5);
  EXPECT_THROW(hodges_lehmann({}), std::invalid_argument);
}

TEST(HodgesLehmann, DepressionScaleOfHollanderAndWolfe) {
  // Hollander & Wolfe, Nonparametric Statistical Methods, table 3.1 (Salsburg's Hamilton scale
  // factor IV); their estimate, and R's example(wilcox.test), is -0.46 for after minus before.
  const Values before{1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30};
  const Values after{0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29};
  Values change;
  for (std::size_t i = 0; i < before.size(); ++i) change.push_back(after[i] - before[i]);
  EXPECT_NEAR(hodges_lehmann(change), -0.46, 1e-12);
}

TEST(HodgesLehmann, ShiftAndScaleEquivariant) {
  EXPECT_TRUE(rc::check([] {
    const auto values = *dyadic_values(1, 12);
    const double shift = *rc::gen::inRange(-1000, 1000) / 8.0;
    const double scale = *rc::gen::inRange(-64, 65) / 16.0;  // negative: symmetric under sign flip
    const auto moved = transformed(values, [&](double v) { return scale * v + shift; });
    RC_ASSERT(hodges_lehmann(moved) == scale * hodges_lehmann(values) + shift);
  }));
}

TEST(HodgesLehmann, IgnoresOrderAndStaysInRange) {
  EXPECT_TRUE(rc::check([] {
    const auto values = *dyadic_values(1, 12);
    Values sorted = values;
    std::sort(sorted.begin(), sorted.end());
    RC_ASSERT(hodges_lehmann(values) == hodges_lehmann(sorted));
    RC_ASSERT(sorted.front() <= hodges_lehmann(values));
    RC_ASSERT(hodges_lehmann(values) <= sorted.back());
  }));
}

struct OrderStatistics {
  int n;
  int low;
  int high;
  double coverage;
};

// The ranks are the critical values of the two-sided 5% sign test plus one, as tabled by Dixon &
// Mood, JASA 41 (1946); the coverages are 1 - 2 * sum_{j < low} C(n, j) / 2^n, computed exactly in
// rational arithmetic outside of this program.
constexpr OrderStatistics tabled[] = {
    {6, 1, 6, 0.96875},
    {7, 1, 7, 0.984375},
    {8, 1, 8, 0.9921875},
    {9, 2, 8, 0.9609375},
    {10, 2, 9, 0.978515625},
    {11, 2, 10, 0.98828125},
    {12, 3, 10, 0.96142578125},
    {13, 3, 11, 0.9775390625},
    {14, 3, 12, 0.987060546875},
    {15, 4, 12, 0.96484375},
    {16, 4, 13, 0.978729248046875},
    {17, 5, 13, 0.950958251953125},
    {18, 5, 14, 0.9691162109375},
    {19, 5, 15, 0.9807891845703125},
    {20, 6, 15, 0.9586105346679688},
};

TEST(MedianInterval, MatchesTheTableFromSixToTwenty) {
  for (const OrderStatistics& row : tabled) {
    SCOPED_TRACE(row.n);
    const auto estimate = median_interval(one_to(row.n));
    ASSERT_TRUE(estimate.has_value());
    EXPECT_EQ(estimate->value, (row.n + 1) / 2.0);
    EXPECT_EQ(estimate->ci.low, row.low);
    EXPECT_EQ(estimate->ci.high, row.high);
    EXPECT_NEAR(estimate->level, row.coverage, 1e-12);
  }
}

TEST(MedianInterval, NothingWhereMinToMaxCoversTooLittle) {
  for (int n = 0; n < 6; ++n) EXPECT_FALSE(median_interval(one_to(n)).has_value()) << n;
  EXPECT_FALSE(median_interval(one_to(7), 0.99).has_value());
  EXPECT_TRUE(median_interval(one_to(8), 0.99).has_value());
  EXPECT_FALSE(median_interval(one_to(1), 0.01).has_value());
}

TEST(MedianInterval, GivesExactlyTheLevelThatIsAttainable) {
  for (const OrderStatistics& row : tabled) {
    const auto estimate = median_interval(one_to(row.n), row.coverage);
    ASSERT_TRUE(estimate.has_value()) << row.n;
    EXPECT_EQ(estimate->ci.low, row.low) << row.n;
  }
}

TEST(MedianInterval, RefusesImpossibleLevelsAndValues) {
  EXPECT_THROW(median_interval(one_to(8), 0), std::invalid_argument);
  EXPECT_THROW(median_interval(one_to(8), 1), std::invalid_argument);
  EXPECT_THROW(median_interval(one_to(8), nan), std::invalid_argument);
  EXPECT_THROW(median_interval(Values{1, 2, 3, nan, 5, 6}), std::invalid_argument);
}

TEST(MedianInterval, ContainsTheMedianAndReachesTheLevel) {
  EXPECT_TRUE(rc::check([] {
    const auto values = *dyadic_values(6, 40);
    const double level = *rc::gen::element(0.5, 0.9, 0.95, 0.96875);
    const auto estimate = median_interval(values, level);
    RC_ASSERT(estimate.has_value());
    RC_ASSERT(estimate->value == median(values));
    RC_ASSERT(estimate->ci.low <= estimate->value);
    RC_ASSERT(estimate->value <= estimate->ci.high);
    RC_ASSERT(estimate->level >= level);
  }));
}

// Half the width of the interval of {-1, 0, ..., 0, 1} is t * sqrt(2 / (n - 1) / n).
double student_quantile(int n, double alpha) {
  Values values(static_cast<std::size_t>(n), 0.0);
  values.front() = -1;
  values.back() = 1;
  const auto estimate = mean_interval(values, alpha);
  return (estimate->ci.high - estimate->ci.low) / 2 / std::sqrt(2.0 / (n - 1) / n);
}

TEST(MeanInterval, StudentQuantilesAsTabled) {
  // Any textbook's t table; three decimals (Fisher & Yates, table III).
  EXPECT_NEAR(student_quantile(2, 0.05), 12.706, 5e-4);
  EXPECT_NEAR(student_quantile(3, 0.05), 4.303, 5e-4);
  EXPECT_NEAR(student_quantile(6, 0.05), 2.571, 5e-4);
  EXPECT_NEAR(student_quantile(6, 0.01), 4.032, 5e-4);
  EXPECT_NEAR(student_quantile(11, 0.05), 2.228, 5e-4);
  EXPECT_NEAR(student_quantile(31, 0.05), 2.042, 5e-4);
}

TEST(MeanInterval, StudentQuantilesAtTheAlphasOfBonferroni) {
  // Simpson's rule on the density and bisection, outside of this program.
  EXPECT_NEAR(student_quantile(6, 0.05 / 14), 5.16444559, 1e-7);
  EXPECT_NEAR(student_quantile(6, 0.05 / 44), 6.67965487, 1e-7);
  EXPECT_NEAR(student_quantile(10, 0.05 / 44), 4.68981470, 1e-7);
  EXPECT_NEAR(student_quantile(20, 0.05 / 56), 3.93302348, 1e-7);
  // In closed form for one and two degrees of freedom.
  for (const double alpha : {0.5, 0.01, 1e-3, 1e-6}) {
    const double t1 = 1 / std::tan(std::numbers::pi * alpha / 2);
    const double t2 = (1 - alpha) * std::sqrt(2 / (alpha * (2 - alpha)));
    EXPECT_NEAR(student_quantile(2, alpha) / t1, 1, 1e-9) << alpha;
    EXPECT_NEAR(student_quantile(3, alpha) / t2, 1, 1e-9) << alpha;
  }
}

TEST(MeanInterval, StudentsSleepData) {
  // Student, Biometrika 6 (1908): extra hours of sleep, paired differences. R's t.test gives the
  // mean 1.58 and the 95% interval 0.7001142 to 2.4598858.
  const Values extra{1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4};
  const auto estimate = mean_interval(extra, 0.05);
  ASSERT_TRUE(estimate.has_value());
  EXPECT_NEAR(estimate->value, 1.58, 1e-12);
  EXPECT_NEAR(estimate->ci.low, 0.7001142, 5e-8);
  EXPECT_NEAR(estimate->ci.high, 2.4598858, 5e-8);
  EXPECT_DOUBLE_EQ(estimate->level, 0.95);
}

TEST(MeanInterval, EqualValuesGiveAnIntervalOfNoWidth) {
  const auto estimate = mean_interval(Values{0.1, 0.1, 0.1}, 1e-3);
  ASSERT_TRUE(estimate.has_value());
  EXPECT_EQ(estimate->value, 0.1);
  EXPECT_EQ(estimate->ci.low, 0.1);
  EXPECT_EQ(estimate->ci.high, 0.1);
}

TEST(MeanInterval, KeepsASmallSpreadBesideALargeMean) {
  // A variance from the sum of squares would lose every digit here; the deviation is exactly 1.
  const auto estimate = mean_interval(Values{1e9 - 1, 1e9, 1e9 + 1}, 0.05);
  ASSERT_TRUE(estimate.has_value());
  EXPECT_NEAR(estimate->ci.high - 1e9, 4.302653 / std::sqrt(3.0), 1e-5);
}

TEST(MeanInterval, TooFewOrImpossible) {
  EXPECT_FALSE(mean_interval({}, 0.05).has_value());
  EXPECT_FALSE(mean_interval(Values{1}, 0.05).has_value());
  EXPECT_THROW(mean_interval(Values{1, 2}, 0), std::invalid_argument);
  EXPECT_THROW(mean_interval(Values{1, 2}, 1), std::invalid_argument);
  EXPECT_THROW(mean_interval(Values{1, nan}, 0.05), std::invalid_argument);
}

TEST(VerdictTest, EveryKindAndItsBounds) {
  const double bound = std::log1p(0.02);
  EXPECT_EQ(verdict({0.03, 0.05}, 0.02), Verdict::faster);
  EXPECT_EQ(verdict({-0.05, -0.03}, 0.02), Verdict::slower);
  EXPECT_EQ(verdict({-0.05, 0.03}, 0.02), Verdict::undecided);
  EXPECT_EQ(verdict({-bound, bound}, 0.02), Verdict::equivalent);
  EXPECT_EQ(verdict({-bound, 0.02}, 0.02), Verdict::undecided) << "log1p(0.02) is less than 0.02";
  EXPECT_EQ(verdict({-0.02, 0}, 0.02), Verdict::undecided) << "nor is the lower bound log1p(-0.02)";
  EXPECT_EQ(verdict({0.005, 0.015}, 0.02), Verdict::equivalent) << "equivalent goes before faster";
  EXPECT_EQ(verdict({0.005, 0.025}, 0.02), Verdict::faster);
  EXPECT_EQ(verdict({0, 0.05}, 0.02), Verdict::undecided) << "touching 0 is not excluding it";
  EXPECT_EQ(verdict({0, 0}, 0), Verdict::equivalent);
  EXPECT_EQ(verdict({nan, nan}, 0.02), Verdict::undecided);
  EXPECT_EQ(verdict({-infinity, infinity}, 0.02), Verdict::undecided);
}

TEST(VerdictTest, SymmetricUnderExchangeOfTheArms) {
  EXPECT_TRUE(rc::check([] {
    const int a = *rc::gen::inRange(-60, 61);
    const int b = *rc::gen::inRange(-60, 61);
    const Interval interval{std::min(a, b) / 1000.0, std::max(a, b) / 1000.0};
    const Verdict forward = verdict(interval, 0.02);
    const Verdict backward = verdict({-interval.high, -interval.low}, 0.02);
    const Verdict expected = forward == Verdict::faster   ? Verdict::slower
                             : forward == Verdict::slower ? Verdict::faster
                                                          : forward;
    RC_ASSERT(backward == expected);
  }));
}

TEST(BlockLogRatio, PositiveWhereTheVariantIsFaster) {
  EXPECT_NEAR(block_log_ratio(Values{2, 8}, Values{1, 1}), std::log(4.0), 1e-15);
  EXPECT_NEAR(block_log_ratio(Values{1}, Values{2}), -std::log(2.0), 1e-15);
  EXPECT_NEAR(block_log_ratio(Values{3, 3, 3}, Values{1}), std::log(3.0), 1e-15);
}

TEST(BlockLogRatio, RefusesWhatIsNoTime) {
  EXPECT_THROW(block_log_ratio({}, Values{1}), std::invalid_argument);
  EXPECT_THROW(block_log_ratio(Values{1}, {}), std::invalid_argument);
  EXPECT_THROW(block_log_ratio(Values{1, 0}, Values{1, 1}), std::invalid_argument);
  EXPECT_THROW(block_log_ratio(Values{1, 1}, Values{1, -1}), std::invalid_argument);
  EXPECT_THROW(block_log_ratio(Values{nan}, Values{1}), std::invalid_argument);
}

// The samples of arm `arm` where `arms` arms run once out and once back: positions arm and
// 2 * arms - 1 - arm. `drift` maps a position to the factor that it multiplies the time by.
template <typename Drift>
Values palindrome_samples(int arm, int arms, double seconds, Drift drift) {
  return {seconds * drift(arm), seconds * drift(2 * arms - 1 - arm)};
}

TEST(BlockLogRatio, DriftInLogTimeCancelsInPalindromes) {
  EXPECT_TRUE(rc::check([] {
    const int arms = *rc::gen::inRange(2, 9);
    const int a = *rc::gen::inRange(0, arms);
    const int b = *rc::gen::inRange(0, arms);
    const double rate = *rc::gen::inRange(-100, 101) / 1000.0;  // up to 10% from sample to sample
    const auto drift = [rate](int position) { return std::exp(rate * position); };
    const double d = block_log_ratio(palindrome_samples(a, arms, 3e-3, drift),
                                     palindrome_samples(b, arms, 2e-3, drift));
    RC_ASSERT(std::abs(d - std::log(1.5)) < 1e-13);
  }));
}

TEST(BlockLogRatio, DriftInTimeCancelsToFirstOrder) {
  // ABBA: what is left is second order, so a tenth of the drift leaves a hundredth of the error.
  for (const int arms : {2, 3, 5}) {
    const auto error = [arms](double rate) {
      const auto drift = [rate](int position) { return 1 + rate * position; };
      return block_log_ratio(palindrome_samples(0, arms, 1e-3, drift),
                             palindrome_samples(arms - 1, arms, 1e-3, drift));
    };
    EXPECT_NE(error(1e-2), 0) << arms;
    EXPECT_LT(std::abs(error(1e-3)), 0.015 * std::abs(error(1e-2))) << arms;
  }
}

TEST(BlockLogRatio, DriftDoesNotCancelInABAB) {
  // The counterpart: in ABAB (samples 0, 2 against 1, 3) one step of the drift stays in D.
  const auto at = [](int position) { return std::exp(0.01 * position); };
  EXPECT_NEAR(block_log_ratio(Values{at(0), at(2)}, Values{at(1), at(3)}), -0.01, 1e-15);
}

}  // namespace
}  // namespace crossover::harness
