#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "harness/statistics/crossover.h"
#include "tests/harness/crossover_curves.h"

namespace crossover::harness {
namespace {

constexpr double margin = 0.02;

TEST(LabelPoint, EveryKind) {
  const auto sign = [](const std::string& kind) {
    return label_point(curve(kind)[0], 14, 4, margin).sign;
  };
  EXPECT_EQ(sign("+"), Sign::plus);
  EXPECT_EQ(sign("-"), Sign::minus);
  EXPECT_EQ(sign("p"), Sign::plus) << "signed goes before zero";
  EXPECT_EQ(sign("m"), Sign::minus);
  EXPECT_EQ(sign("0"), Sign::zero);
  EXPECT_EQ(sign("?"), Sign::undecided);
}

TEST(LabelPoint, IntervalIsSimultaneousOverSizesAndLooks) {
  // Standard error of {-1, 0, 0, 0, 0, 1}: sqrt(2 / 5 / 6). t with 5 degrees of freedom at 0.05/14
  // and 0.05/44: Simpson's rule on the density and bisection, outside of this program.
  const CurvePoint point{8, {-1, 0, 0, 0, 0, 1}};
  const double standard_error = std::sqrt(2.0 / 5 / 6);
  EXPECT_NEAR(label_point(point, 14, 1, margin).log_ratio.ci.high, 5.16444559 * standard_error,
              1e-7);
  const LabelledPoint looked_at_often = label_point(point, 11, 4, margin);
  EXPECT_NEAR(looked_at_often.log_ratio.ci.low, -6.67965487 * standard_error, 1e-7);
  EXPECT_DOUBLE_EQ(looked_at_often.log_ratio.level, 1 - 0.05 / 44);
  EXPECT_EQ(looked_at_often.log_ratio.value, 0);
  EXPECT_EQ(looked_at_often.axis_value, 8);
}

TEST(LabelPoint, EqualEffectsAreLabelledByTheirValue) {
  const auto sign = [](double effect) {
    return label_point({8, std::vector<double>(6, effect)}, 14, 1, margin).sign;
  };
  EXPECT_EQ(sign(0.1), Sign::plus);
  EXPECT_EQ(sign(-0.1), Sign::minus);
  EXPECT_EQ(sign(0), Sign::zero);
}

TEST(LabelPoint, UndecidedWhereThereIsNoInterval) {
  const double infinity = std::numeric_limits<double>::infinity();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<std::vector<double>> samples{{}, {0.5}, {0.5, nan, 0.5}, {infinity, infinity}};
  for (const auto& effects : samples) {
    const LabelledPoint point = label_point({8, effects}, 1, 1, margin);
    EXPECT_EQ(point.sign, Sign::undecided);
    EXPECT_EQ(point.log_ratio.ci.low, -infinity);
    EXPECT_EQ(point.log_ratio.ci.high, infinity);
  }
  EXPECT_EQ(label_point({8, {0.5}}, 1, 1, margin).log_ratio.value, 0.5);
  EXPECT_TRUE(std::isnan(label_point({8, {}}, 1, 1, margin).log_ratio.value)) << "missing is not 0";
}

TEST(LabelPoint, RefusesToDivideByNoSizesOrLooks) {
  EXPECT_THROW(label_point({8, {1, 2}}, 0, 1, margin), std::invalid_argument);
  EXPECT_THROW(label_point({8, {1, 2}}, 1, 0, margin), std::invalid_argument);
}

const std::vector<double> slower{-0.30, -0.31, -0.29, -0.30, -0.32, -0.30};
const std::vector<double> faster{0.60, 0.61, 0.62, 0.60, 0.61, 0.60};

Sign sign_with(const SecondOpinion& second_opinion) {
  return label_point({64, slower, second_opinion}, 10, 4, 0.02).sign;
}

const std::vector<double> much_slower{-0.40, -0.41, -0.42, -0.40, -0.44, -0.40};
const std::vector<double> a_little_slower{-0.20, -0.21, -0.19, -0.20, -0.22, -0.20};
const std::vector<double> equal{-0.02, 0.01, 0.00, -0.01, 0.02, 0.01};
const BoundedEffects certainly_slower{much_slower, a_little_slower};
const BoundedEffects perhaps_equal{much_slower, equal};
const BoundedEffects certainly_faster{faster, faster};

TEST(LabelPoint, ASignThatTheUndisturbedEffectsShareIsCertain) {
  EXPECT_EQ(label_point({64, slower}, 10, 4, 0.02).sign, Sign::minus);
  EXPECT_EQ(sign_with({certainly_slower, perhaps_equal}), Sign::minus);
  EXPECT_EQ(sign_with({perhaps_equal, perhaps_equal}), Sign::undecided);
  EXPECT_EQ(sign_with({certainly_faster, perhaps_equal}), Sign::undecided);
  EXPECT_EQ(sign_with({{}, {}}), Sign::undecided);
}

TEST(LabelPoint, ASignThatOutlastsTheDisturbanceIsCertain) {
  EXPECT_EQ(sign_with({{}, certainly_slower}), Sign::minus);
  EXPECT_EQ(sign_with({certainly_faster, certainly_slower}), Sign::minus)
      << "the undisturbed blocks are a choice; these are all";
  EXPECT_EQ(label_point({64, equal, SecondOpinion{{}, perhaps_equal}}, 10, 4, 0.5).sign,
            Sign::undecided);
}

}  // namespace
}  // namespace crossover::harness
