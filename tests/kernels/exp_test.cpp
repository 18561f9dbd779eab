#include <bit>
#include <cmath>
#include <cstdint>
#include <gtest/gtest.h>
#include <limits>
#include <vector>

#include "tests/kernels/forced_instruction_set.h"
#include "tests/kernels/guarded_matrix.h"
#include "tests/kernels/simd_functions.h"

namespace crossover::kernels::test {
namespace {

using MapFunction = void (*)(std::span<const float>, std::span<float>);

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float nan = std::numeric_limits<float>::quiet_NaN();

std::vector<float> mapped(MapFunction function, const std::vector<float>& x) {
  std::vector<float> y(x.size(), nan);
  function(x, y);
  return y;
}

/// Every 61st of all finite floats, and their negatives. 61 is prime, so that mantissas of every
/// kind occur.
std::vector<float> sampled_floats() {
  std::vector<float> all;
  const auto end = std::bit_cast<std::uint32_t>(infinity);
  for (std::uint32_t bits = 0; bits < end; bits += 61) {
    all.push_back(std::bit_cast<float>(bits));
    all.push_back(-all.back());
  }
  return all;
}

/// The largest relative error over the sample, of results for x within [from, to].
double largest_error(const std::vector<float>& x, const std::vector<float>& y,
                     double (*expected)(double), double from, double to) {
  double largest = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (x[i] < from || x[i] > to) continue;
    const double value = expected(x[i]);
    const double error = value == 0 ? std::abs(y[i]) : std::abs(y[i] / value - 1);
    if (!(error <= largest)) largest = error;
  }
  return largest;
}

double double_exp(double x) { return std::exp(x); }
double double_erf(double x) { return std::erf(x); }

class VectorFunctions : public testing::TestWithParam<std::string> {
 protected:
  ForcedInstructionSet forced{GetParam()};
};

TEST_P(VectorFunctions, ExpIsWithinItsStatedErrorForAllFloats) {
  const std::vector<float> x = sampled_floats();
  const std::vector<float> y = mapped(exp_of, x);
  EXPECT_LE(largest_error(x, y, double_exp, -87, 88), 4e-7);
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (x[i] < -87) {
      ASSERT_EQ(y[i], 0) << x[i];
    }
    if (x[i] > 88) {
      ASSERT_EQ(y[i], infinity) << x[i];
    }
  }
}

TEST_P(VectorFunctions, ExpOfNonpositiveIsTheSameWithoutItsUpperEnd) {
  std::vector<float> x = sampled_floats();
  std::erase_if(x, [](float value) { return value > 0; });
  EXPECT_EQ(mapped(exp_nonpositive_of, x), mapped(exp_of, x));
}

TEST_P(VectorFunctions, ExpAtItsEndsAndOfSpecialValues) {
  const float below = std::nextafter(-87.0F, -infinity);
  const float above = std::nextafter(88.0F, infinity);
  for (const MapFunction function : {exp_of, exp_nonpositive_of}) {
    const std::vector<float> y = mapped(function, {0, -0.0F, -87, below, -infinity, nan, -1e-45F});
    EXPECT_EQ(y[0], 1);
    EXPECT_EQ(y[1], 1);
    EXPECT_NEAR(y[2] / std::exp(-87.0), 1, 4e-7);
    EXPECT_EQ(y[3], 0);
    EXPECT_EQ(y[4], 0);
    EXPECT_TRUE(std::isnan(y[5]));
    EXPECT_EQ(y[6], 1);
  }
  const std::vector<float> y = mapped(exp_of, {88, above, infinity, 3e38F, 1});
  EXPECT_NEAR(y[0] / std::exp(88.0), 1, 4e-7);
  EXPECT_EQ(y[1], infinity);
  EXPECT_EQ(y[2], infinity);
  EXPECT_EQ(y[3], infinity);
  EXPECT_NEAR(y[4] / std::exp(1.0), 1, 4e-7);
}

TEST_P(VectorFunctions, ExpOfLargerNumbersIsLarger) {
  std::vector<float> x;
  for (int i = -87'000; i <= 88'000; ++i) x.push_back(static_cast<float>(i) * 1e-3F);
  const std::vector<float> y = mapped(exp_of, x);
  for (std::size_t i = 1; i < x.size(); ++i) ASSERT_LT(y[i - 1], y[i]) << x[i];
}

TEST_P(VectorFunctions, ErfIsWithinItsStatedErrorForAllFloats) {
  const std::vector<float> x = sampled_floats();
  const std::vector<float> y = mapped(erf_of, x);
  // Below the normal range, where a result has fewer digits, it is within half of its last one.
  std::vector<float> normal_x;
  std::vector<float> normal_y;
  for (std::size_t i = 0; i < x.size(); ++i) {
    ASSERT_LE(std::abs(y[i]), 1) << x[i];
    ASSERT_NEAR(y[i], std::erf(static_cast<double>(x[i])), 5e-7);
    if (std::abs(x[i]) < 1.2e-38F) continue;
    normal_x.push_back(x[i]);
    normal_y.push_back(y[i]);
  }
  EXPECT_LE(largest_error(normal_x, normal_y, double_erf, -infinity, infinity), 5e-7);
}

TEST_P(VectorFunctions, ErfOfSpecialValues) {
  const std::vector<float> y = mapped(erf_of, {0, infinity, -infinity, 10, -10, nan});
  EXPECT_EQ(y[0], 0);
  for (const std::size_t positive : {1, 3}) EXPECT_NEAR(y[positive], 1, 1e-7);
  for (const std::size_t negative : {2, 4}) EXPECT_NEAR(y[negative], -1, 1e-7);
  EXPECT_LE(std::abs(y[5]), 1);
}

// Every length around the vectors and accumulators, at the end of a page that traps.
TEST_P(VectorFunctions, RowsOfEveryLengthAreFoldedWithoutTouchingWhatIsBehind) {
  for (Index cols = 1; cols < 300; ++cols) {
    for (const Index end_gap : {0, 1, 5}) {
      GuardedMatrix row(1, 1, cols, {.end_gap = end_gap});
      double expected = 0;
      float largest = -1e30F;
      for (Index j = 0; j < cols; ++j) {
        const auto value = static_cast<float>(j * 7 % 31 - 100);
        row.view().row(0, 0)[j] = value;
        expected += value;
        largest = std::max(largest, value);
      }
      const std::span<const float> x(row.view().row(0, 0), static_cast<std::size_t>(cols));
      ASSERT_EQ(sum_of(x), expected) << cols;  // integers, whose sums are exact
      ASSERT_EQ(max_of(x), largest) << cols;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(InstructionSets, VectorFunctions, testing::ValuesIn(instruction_sets()),
                         [](const auto& instance) { return instance.param; });

}  // namespace
}  // namespace crossover::kernels::test
