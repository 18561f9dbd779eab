#include "kernels/core/sum_check.h"

#include <gtest/gtest.h>
#include <limits>

namespace crossover::kernels::test {
namespace {

SumCheck check_of(std::initializer_list<double> terms) {
  SumCheck check;
  for (const double term : terms) check.add(term);
  return check;
}

TEST(SumCheck, NothingIsExactlyZero) {
  EXPECT_TRUE(check_of({}).accepts(0, 0));
  EXPECT_FALSE(check_of({}).accepts(std::numeric_limits<float>::denorm_min(), 0));
}

TEST(SumCheck, TermsOfFewBitsAllowNoError) {
  const SumCheck check = check_of({0.25, -0.5, 4'000'000});
  EXPECT_EQ(check.sum(), 3'999'999.75);
  EXPECT_EQ(check.bound(3), 0);
  EXPECT_TRUE(check.accepts(3'999'999.75F, 3));
  EXPECT_FALSE(check.accepts(4'000'000.0F, 3));
}

// With 2^22 as well, partial sums reach 2^24 quarters and may round.
TEST(SumCheck, SumsThatMayRoundAreBounded) {
  const double two22 = 4'194'304;
  EXPECT_EQ(check_of({two22 - 0.25}).bound(1), 0);
  const SumCheck check = check_of({two22, 0.25});
  EXPECT_GT(check.bound(2), two22 * 0x1p-23);
  EXPECT_LT(check.bound(2), two22 * 0x1p-23 * 1.0001);
}

// By hand: u = 2^-24, k = 3, gamma = 3u / (1 - 3u), magnitudes 1/3 + 2/3 in double.
TEST(SumCheck, BoundIsThatOfHigham) {
  const SumCheck check = check_of({1.0 / 3, -2.0 / 3});
  const double u = 0x1p-24;
  EXPECT_NEAR(check.bound(3), 3 * u / (1 - 3 * u), 1e-15);
}

TEST(SumCheck, NeitherNanNorInfinityIsAccepted) {
  for (const SumCheck& check : {check_of({}), check_of({1}), check_of({1.0 / 3})}) {
    EXPECT_FALSE(check.accepts(std::numeric_limits<float>::quiet_NaN(), 1));
    EXPECT_FALSE(check.accepts(std::numeric_limits<float>::infinity(), 1));
  }
}

// Below the normal range f32 has fewer bits; 2^-150 is half of its smallest number.
TEST(SumCheck, ProductsThatF32CannotHoldMayRound) {
  EXPECT_EQ(check_of({0x1p-149}).bound(1), 0);
  EXPECT_GE(check_of({0x1p-150}).bound(1), 0x1p-150);
}

}  // namespace
}  // namespace crossover::kernels::test
