#include "kernels/core/rope_table.h"

#include <cmath>
#include <gtest/gtest.h>

#include "kernels/core/head_range.h"
#include "kernels/rope/simd_heads.h"
#include "tests/kernels/forced_instruction_set.h"

namespace crossover::kernels::test {
namespace {

TEST(Rotation, PairsCoverTheTurningDimensionsOnce) {
  for (const Pairing pairing : {Pairing::halves, Pairing::interleaved}) {
    const Rotation rotation = {14, pairing};
    std::vector<int> seen(14);
    for (Index pair = 0; pair < rotation.pairs(); ++pair) {
      ++seen.at(static_cast<std::size_t>(rotation.first_of(pair)));
      ++seen.at(static_cast<std::size_t>(rotation.second_of(pair)));
    }
    EXPECT_EQ(seen, std::vector<int>(14, 1));
  }
}

TEST(Positions, AreConsecutiveUnlessEachIsGiven) {
  const std::vector<std::int32_t> each = {4, 0, 9};
  EXPECT_EQ((Positions{7, {}}.of(2)), 9);
  EXPECT_EQ((Positions{7, each}.of(2)), 9);
  EXPECT_EQ((Positions{7, each}.of(1)), 0);
  EXPECT_TRUE((PositionRange{0, 10}.holds_all({7, each}, 3)));
  EXPECT_FALSE((PositionRange{0, 9}.holds_all({7, each}, 3)));
  EXPECT_FALSE((PositionRange{1, 9}.holds_all({7, each}, 3)));
}

TEST(RopeTable, HoldsRoundedCosinesAndSinesOfItsRange) {
  const Rotation rotation = {8, Pairing::halves, 10'000, 0.5};
  const RopeTable table(rotation, {99'990, 20});
  for (const Index position : {99'990, 100'000, 100'009}) {
    for (int pair = 0; pair < 4; ++pair) {
      const long double angle = static_cast<long double>(position) * 0.5L *
                                std::pow(10'000.0L, -2.0L * static_cast<long double>(pair) / 8);
      const double half_a_unit = 0x1p-25 + 1e-9;
      EXPECT_NEAR(table.cosines(position)[pair], static_cast<double>(std::cos(angle)), half_a_unit);
      EXPECT_NEAR(table.sines(position)[pair], static_cast<double>(std::sin(angle)), half_a_unit);
    }
  }
}

TEST(RopeTable, IsSharedOrOwn) {
  const Rotation rotation = {8};
  const RopeTable table(rotation, {0, 5});
  EXPECT_EQ(&PreparedTable(rotation, {1, 3}, &table).table(), &table);
  const PreparedTable own(rotation, {1, 3}, nullptr);
  EXPECT_EQ(own.table().range().count, 3);
}

TEST(HeadRange, SharesCoverEveryHeadOnce) {
  for (const Index heads : {1, 3, 4}) {
    for (const Index threads : {1, 2, 5}) {
      std::vector<int> seen(static_cast<std::size_t>(7 * heads));
      for (Index thread = 0; thread < threads; ++thread) {
        for_each_row(share(7 * heads, threads, thread), heads, [&](Index row, Range range) {
          EXPECT_LE(range.end, heads);
          for (Index head = range.begin; head < range.end; ++head) {
            ++seen.at(static_cast<std::size_t>(row * heads + head));
          }
        });
      }
      EXPECT_EQ(seen, std::vector<int>(seen.size(), 1));
    }
  }
}

// The error that simd_heads.h states, on angles all around the circle and far out.
TEST(SimdSines, AreWithinTheStatedError) {
  constexpr Index pairs = 67;
  std::vector<double> quarter_turns(pairs);
  for (std::size_t i = 0; i < quarter_turns.size(); ++i) {
    quarter_turns[i] = std::exp2(-static_cast<double>(i) * 0.2) * 2 / 3.14159265358979323846;
  }
  std::vector<float> cosines(pairs);
  std::vector<float> sines(pairs);
  for (const std::string& set : instruction_sets()) {
    const ForcedInstructionSet forced(set);
    for (Index step = 0; step < 3000; ++step) {
      const Index position = step < 1000 ? step : step * step * 7 + step;
      rope::head_kernels().compute(quarter_turns.data(), pairs, position, cosines.data(),
                                   sines.data());
      for (std::size_t i = 0; i < quarter_turns.size(); ++i) {
        const long double angle = static_cast<long double>(quarter_turns[i]) *
                                  static_cast<long double>(position) * std::acos(0.0L);
        const double bound = 3 * 0x1p-24 + 0x1p-48 * static_cast<double>(angle);
        ASSERT_NEAR(cosines[i], static_cast<double>(std::cos(angle)), bound) << set << position;
        ASSERT_NEAR(sines[i], static_cast<double>(std::sin(angle)), bound) << set << position;
      }
    }
  }
}

}  // namespace
}  // namespace crossover::kernels::test
