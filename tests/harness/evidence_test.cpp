#include "harness/results/evidence.h"

#include <cmath>
#include <gtest/gtest.h>
#include <map>

#include "harness/run/blocks.h"

namespace crossover::harness {
namespace {

Sample sample_of(int launch, int block, double seconds) {
  Sample sample;
  sample.launch = launch;
  sample.block = block;
  sample.iterations = 100;
  sample.seconds = seconds;
  sample.steal_seconds = 0;
  sample.foreign_seconds = 0;
  return sample;
}

constexpr Pair pair{1, 0};

/// Arm 0 takes twice as long as arm 1, in `launches` launches of 4 blocks.
Evidence twice_as_fast(int launches) {
  Evidence evidence({pair});
  for (int launch = 0; launch < launches; ++launch) {
    for (int block = 0; block < 4; ++block) {
      for (int i = 0; i < 2; ++i) {
        evidence.add(0, 0, sample_of(launch, block, 2e-3));
        evidence.add(1, 0, sample_of(launch, block, 1e-3));
      }
    }
  }
  evidence.close();
  return evidence;
}

TEST(Evidence, EffectsAreLogRatiosPerLaunch) {
  const PairEffects effects = twice_as_fast(7).effects(pair, 0);
  ASSERT_EQ(effects.kept.size(), 7u);
  for (const double effect : effects.primary()) EXPECT_NEAR(effect, std::log(2.0), 1e-12);
  EXPECT_EQ(effects.discarded, 0);
  EXPECT_FALSE(effects.use_all);
}

TEST(Evidence, ABlockWithStealTimeIsSetAside) {
  Evidence evidence = twice_as_fast(10);
  for (int i = 0; i < 2; ++i) {
    Sample disturbed = sample_of(10, 0, 9e-3);
    disturbed.steal_seconds = 0.01;
    evidence.add(0, 0, disturbed);
    evidence.add(1, 0, sample_of(10, 0, 1e-3));
    evidence.add(0, 0, sample_of(10, 1, 2e-3));
    evidence.add(1, 0, sample_of(10, 1, 1e-3));
  }
  evidence.close();
  const PairEffects effects = evidence.effects(pair, 0);
  EXPECT_NEAR(effects.discarded, 1.0 / 42, 1e-12);
  EXPECT_FALSE(effects.use_all);
  EXPECT_NEAR(effects.kept.at(10), std::log(2.0), 1e-12);
  EXPECT_GT(effects.all.at(10), std::log(2.5)) << "the other result is kept as well";
}

TEST(Evidence, TooMuchSetAsideMakesTheWholePrimary) {
  Evidence evidence = twice_as_fast(1);
  for (int block = 0; block < 4; ++block) {
    for (int i = 0; i < 2; ++i) {
      Sample disturbed = sample_of(1, block, 2e-3);
      disturbed.steal_seconds = block == 0 ? 0.01 : 0;
      evidence.add(0, 0, disturbed);
      evidence.add(1, 0, sample_of(1, block, 1e-3));
    }
  }
  evidence.close();
  const PairEffects effects = evidence.effects(pair, 0);
  EXPECT_GT(effects.discarded, 0.1);
  EXPECT_TRUE(effects.use_all);
  EXPECT_EQ(effects.by_launch(), effects.all);
}

// What each block says when 0.04 s of a sample's 0.2 s (of `against`) or 0.1 s were others'.
TEST(Evidence, TimeThatOthersTookIsSubtractedFromOneArmAlone) {
  Evidence evidence({pair});
  for (int i = 0; i < 2; ++i) {
    Sample disturbed = sample_of(0, 0, 2e-3);
    disturbed.steal_seconds = 0.01;
    disturbed.foreign_seconds = 0.03;
    evidence.add(0, 0, disturbed);
    disturbed.seconds = 1e-3;
    evidence.add(1, 0, disturbed);
  }
  evidence.close();
  const PairEffects effects = evidence.effects(pair, 0);
  ASSERT_TRUE(effects.use_all);
  EXPECT_NEAR(effects.all.at(0), std::log(2.0), 1e-12);
  const SecondOpinion second_opinion = effects.second_opinion().value();
  EXPECT_NEAR(second_opinion.all.least.at(0), std::log(1.6 / 1.0), 1e-12);
  EXPECT_NEAR(second_opinion.all.most.at(0), std::log(2.0 / 0.6), 1e-12);
  EXPECT_TRUE(second_opinion.undisturbed.least.empty());
}

TEST(Evidence, AnotherWorkerOutOfTurnHasNoBound) {
  Evidence evidence({pair});
  for (int i = 0; i < 2; ++i) {
    Sample disturbed = sample_of(0, 0, 2e-3);
    disturbed.others_ran = i == 0;
    evidence.add(0, 0, disturbed);
    evidence.add(1, 0, sample_of(0, 0, 1e-3));
  }
  evidence.close();
  const PairEffects effects = evidence.effects(pair, 0);
  EXPECT_LT(effects.bounds.all.least.at(0), -10);
  EXPECT_NEAR(effects.bounds.all.most.at(0), std::log(2.0), 1e-12);
}

// More threads than CPUs wait for their own kind, so that nobody can tell what others took.
TEST(Evidence, WhatOthersTookHasNoBoundWhereItIsNotKnown) {
  Evidence evidence({pair});
  for (int i = 0; i < 2; ++i) {
    Sample disturbed = sample_of(0, 0, 2e-3);
    disturbed.foreign_seconds = 0.03;
    evidence.add(0, 0, disturbed);
    Sample oversubscribed = sample_of(0, 0, 1e-3);
    oversubscribed.foreign_seconds = std::nullopt;
    evidence.add(1, 0, oversubscribed);
  }
  evidence.close();
  const PairEffects effects = evidence.effects(pair, 0);
  EXPECT_NEAR(effects.bounds.all.least.at(0), std::log(1.7), 1e-12);
  EXPECT_GT(effects.bounds.all.most.at(0), 10);
}

TEST(Evidence, HalfABlockDoesNotCount) {
  // An interruption between the way out and the way back leaves one sample of each arm.
  Evidence evidence = twice_as_fast(1);
  evidence.add(0, 0, sample_of(1, 0, 2e-3));
  evidence.add(1, 0, sample_of(1, 0, 1e-3));
  evidence.close();
  EXPECT_EQ(evidence.effects(pair, 0).all.size(), 1u);
}

TEST(Evidence, BlocksThatOneArmDidNotFinishDoNotCount) {
  Evidence evidence = twice_as_fast(1);
  evidence.add(0, 0, sample_of(1, 0, 2e-3));
  evidence.close();
  EXPECT_EQ(evidence.effects(pair, 0).all.size(), 1u);
}

TEST(Evidence, ALaunchThatIsDiscardedLeavesNothing) {
  Evidence evidence = twice_as_fast(2);
  evidence.add(0, 0, sample_of(2, 0, 5e-3));
  evidence.discard_open();
  EXPECT_EQ(evidence.launches(0, 0), 2u);
  EXPECT_EQ(evidence.totals(0, 0).samples, 16u);
  EXPECT_FALSE(evidence.has_launch(0, 2));
}

TEST(Evidence, AClosedLaunchTakesNoMoreSamples) {
  Evidence evidence = twice_as_fast(2);
  EXPECT_THROW(evidence.add(0, 0, sample_of(1, 9, 1e-3)), std::invalid_argument);
}

TEST(Evidence, UntilIsWhatWasKnownThen) {
  const Evidence whole = twice_as_fast(9);
  const Evidence earlier = whole.until(6);
  EXPECT_EQ(earlier.launches(0, 0), 6u);
  EXPECT_EQ(earlier.effects(pair, 0).all.size(), 6u);
  EXPECT_FALSE(earlier.has_launch(0, 6));
  EXPECT_TRUE(earlier.has_launch(0, 5));
}

TEST(Evidence, APairThatWasNotAskedForIsAnError) {
  EXPECT_THROW(twice_as_fast(1).effects({0, 1}, 0), std::invalid_argument);
}

TEST(Evidence, ForeignTimeCountsFromTwoPercentOn) {
  Sample sample = sample_of(0, 0, 1e-3);  // 100 calls: 0.1 s
  sample.foreign_seconds = 0.0019;
  EXPECT_FALSE(disturbed({&sample}));
  sample.foreign_seconds = 0.0021;
  EXPECT_TRUE(disturbed({&sample}));
  sample.foreign_seconds = std::nullopt;
  EXPECT_FALSE(disturbed({&sample}));
}

TEST(Evidence, AWorkerOutOfTurnDisturbs) {
  Sample sample = sample_of(0, 0, 1e-3);
  sample.others_ran = true;
  EXPECT_TRUE(disturbed({&sample}));
}

TEST(EventTotals, AreOverTheSamplesThatKnowThem) {
  CellTotals totals;
  Sample sample;
  sample.iterations = 10;
  sample.cpu_seconds = 2e-3;
  totals.add(sample);  // shared its hardware counter
  EXPECT_EQ(totals.cycles.per_call(), std::nullopt);
  EXPECT_EQ(totals.cycles.per_cpu_second(), std::nullopt);
  sample.cycles = 6'000'000;
  sample.cache_misses = 0;
  totals.add(sample);
  EXPECT_EQ(totals.cycles.per_call(), 600'000);
  EXPECT_DOUBLE_EQ(*totals.cycles.per_cpu_second(), 3e9);
  EXPECT_EQ(totals.cache_misses.per_call(), 0) << "counted, and there was none";
  EXPECT_EQ(totals.instructions.per_call(), std::nullopt);
}

TEST(Blocks, TwoArmsAreBalancedInEveryLaunch) {
  std::mt19937_64 random(3);
  const std::vector<std::size_t> abba{0, 1, 1, 0};
  const std::vector<std::size_t> baab{1, 0, 0, 1};
  for (int launch = 0; launch < 50; ++launch) {
    std::map<std::vector<std::size_t>, int> counts;
    for (const auto& block : balanced_blocks({0, 1}, 4, random)) ++counts[block];
    EXPECT_EQ(counts[abba], 2);
    EXPECT_EQ(counts[baab], 2);
    EXPECT_EQ(counts.size(), 2u);
  }
}

TEST(Blocks, TheOrderOfBlocksIsRandom) {
  std::mt19937_64 random(3);
  std::map<std::vector<std::size_t>, int> first;
  for (int launch = 0; launch < 400; ++launch) ++first[balanced_blocks({0, 1}, 4, random)[0]];
  for (const auto& [block, count] : first) EXPECT_NEAR(count, 200, 60);
}

TEST(Blocks, EveryArmIsOnceOnTheWayOutAndOnceOnTheWayBack) {
  std::mt19937_64 random(3);
  for (const auto& block : balanced_blocks({4, 7, 9, 2, 5}, 3, random)) {
    ASSERT_EQ(block.size(), 10u);
    for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(block[i], block[9 - i]);
    std::vector<std::size_t> out(block.begin(), block.begin() + 5);
    std::sort(out.begin(), out.end());
    EXPECT_EQ(out, (std::vector<std::size_t>{2, 4, 5, 7, 9}));
  }
}

}  // namespace
}  // namespace crossover::harness
