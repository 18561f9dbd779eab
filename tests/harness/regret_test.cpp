#include "harness/policy/regret.h"

#include <cmath>
#include <gtest/gtest.h>
#include <set>

#include "harness/policy/published_rules.h"
#include "tests/harness/policy_worlds.h"

namespace crossover::harness {
namespace {

using test::held_out;
using test::PolicyWorld;

Strategy always(const std::string& name, int threads) {
  return {name, "", "", true, [threads](const Shape&) { return threads; }};
}

TEST(ShapeRegret, ByHand) {
  // Launches 0 and 2 choose, 1 and 3 judge, and the other way round.
  const std::vector<std::vector<double>> seconds{{1, 4, 1, 4}, {2, 3, 2, 3}};
  const std::vector<std::size_t> even{0, 2};
  const std::vector<std::size_t> odd{1, 3};
  // The first half finds count 0 best, where the second takes 4; the second finds count 1 best,
  // where the first takes 2.
  EXPECT_DOUBLE_EQ(shape_regret(seconds, 0, even, odd).regret, (4.0 / 4 - 1 + 1.0 / 2 - 1) / 2);
  EXPECT_DOUBLE_EQ(shape_regret(seconds, 1, even, odd).regret, (3.0 / 4 - 1 + 2.0 / 2 - 1) / 2);
  EXPECT_DOUBLE_EQ(shape_regret(seconds, 0, even, odd).wrong, 0.5);
}

TEST(ShapeRegret, OfNoiseAloneIsZeroOnAverage) {
  const PolicyWorld world{.noise = 0.1};
  MeasuredShapes measured = world.measure(held_out(2000), {1, 2}, 6, 1);
  for (MeasuredShape& shape : measured.shapes) {
    // Two counts that are equally fast: whoever seems faster is so by chance.
    for (std::size_t launch = 0; launch < 6; ++launch) {
      shape.seconds[1][launch] *= world.seconds(shape.shape, 1) / world.seconds(shape.shape, 2);
    }
  }
  const std::vector<Strategy> strategies{always("serial", 1)};
  const RegretFinding finding = judge(measured, strategies, 1, 10).front();
  EXPECT_NEAR(finding.mean, 0, 0.006);
  EXPECT_NEAR(finding.wrong, 0.5, 0.05);
}

/// The regret of a strategy, computed once more from the true times.
double true_regret(const PolicyWorld& world, const Strategy& strategy,
                   const std::vector<Shape>& shapes, const std::vector<int>& counts) {
  double sum = 0;
  for (const Shape& shape : shapes) {
    const int chosen = counts[nearest_count(counts, strategy.threads(shape))];
    sum += world.seconds(shape, chosen) / world.seconds(shape, world.best(shape, counts)) - 1;
  }
  return sum / static_cast<double>(shapes.size());
}

TEST(Judge, AgreesWithBruteForceForEveryRule) {
  const PolicyWorld world;
  const std::vector<Shape> shapes = held_out();
  const std::vector<int> counts{1, 2, 8};
  const std::vector<Strategy> rules = published_rules({8, 16});
  const auto findings = judge(world.measure(shapes, counts, 4, 1), rules, 1, 50);
  ASSERT_EQ(findings.size(), rules.size());
  for (std::size_t i = 0; i < rules.size(); ++i) {
    EXPECT_NEAR(findings[i].mean, true_regret(world, rules[i], shapes, counts), 1e-9)
        << rules[i].name;
    EXPECT_LE(findings[i].mean_ci.low, findings[i].mean);
    EXPECT_GE(findings[i].mean_ci.high, findings[i].mean);
    EXPECT_LE(findings[i].p95, findings[i].worst_regret);
    EXPECT_EQ(findings[i].behind_first.has_value(), i != 0);
  }
}

TEST(Judge, IntervalsCoverTheTrueMeanOfTheDistribution) {
  const PolicyWorld world{.noise = 0.02};
  const std::vector<int> counts{1, 2};
  const std::vector<Strategy> strategies{always("serial", 1)};
  const std::vector<Shape> population = held_out(20000);
  const double truth = true_regret(world, strategies.front(), population, counts);
  int covered = 0;
  constexpr int repetitions = 100;
  for (int i = 0; i < repetitions; ++i) {
    ShapeRanges ranges;
    ranges.most_work = 268435456;
    const auto shapes =
        draw_shapes(ranges, 200, Spread::random, 1000 + static_cast<std::uint64_t>(i));
    const auto seed = static_cast<std::uint64_t>(i);
    const auto finding =
        judge(world.measure(shapes, counts, 6, seed), strategies, seed, 400).front();
    covered += finding.mean_ci.low <= truth && truth <= finding.mean_ci.high;
  }
  EXPECT_GE(covered, 87);  // of 95 expected; fewer in one of a thousand
}

TEST(Judge, PairsTheDifferencesAndCountsWhatItApproximates) {
  const PolicyWorld world{.noise = 0.02};
  const std::vector<Strategy> strategies{always("serial", 1), always("serial again", 1),
                                         always("three", 3)};
  const auto findings = judge(world.measure(held_out(), {1, 2}, 6, 1), strategies, 1, 50);
  EXPECT_EQ(findings[1].behind_first->ci.low, 0);
  EXPECT_EQ(findings[1].behind_first->ci.high, 0);
  EXPECT_EQ(findings[2].approximated, 200u);
  EXPECT_EQ(findings[0].approximated, 0u);
}

TEST(Judge, RefusesWhatCannotBeHalved) {
  const PolicyWorld world;
  const std::vector<Strategy> strategies{always("serial", 1)};
  EXPECT_THROW((void)judge(world.measure(held_out(), {1, 2}, 1, 1), strategies, 1, 10),
               std::invalid_argument);
  EXPECT_THROW((void)judge(world.measure(held_out(), {1, 2}, 2, 1), {}, 1, 10),
               std::invalid_argument);
}

TEST(NearestCount, IsNearestOnALogScale) {
  const std::vector<int> counts{1, 2, 8};
  EXPECT_EQ(counts[nearest_count(counts, 1)], 1);
  EXPECT_EQ(counts[nearest_count(counts, 3)], 2);
  EXPECT_EQ(counts[nearest_count(counts, 4)], 2);
  EXPECT_EQ(counts[nearest_count(counts, 5)], 8);
  EXPECT_EQ(counts[nearest_count(counts, 128)], 8);
}

const Strategy& rule(const std::vector<Strategy>& rules, const std::string& name) {
  for (const Strategy& one : rules) {
    if (one.name == name) return one;
  }
  throw std::invalid_argument(name);
}

/// The least k at m = n = 1 from which a rule goes parallel on two threads.
std::int64_t first_parallel(const std::string& name) {
  const std::vector<Strategy> rules = published_rules({2, 16});
  std::int64_t low = 1;
  std::int64_t high = 1'000'000'000;
  while (low < high) {
    const std::int64_t middle = (low + high) / 2;
    if (rule(rules, name).threads({1, 1, middle}) > 1) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

TEST(PublishedRules, GoParallelOnTwoThreadsWhereTheyAreSaidTo) {
  EXPECT_EQ(first_parallel("MLAS"), 65536);
  EXPECT_EQ(first_parallel("Eigen"), 100000);
  EXPECT_EQ(first_parallel("oneDNN"), 192001);
  EXPECT_EQ(first_parallel("BLIS"), 200000);
  EXPECT_EQ(first_parallel("OpenBLAS"), 262145);
  EXPECT_EQ(first_parallel("OpenBLAS, small matrix"), 1000001);
  EXPECT_EQ(first_parallel("Julia"), 3276801);
  EXPECT_EQ(first_parallel("MLAS, older"), 2097152);
  EXPECT_EQ(first_parallel("ggml"), 1);
}

TEST(PublishedRules, SpreadTheirThreads) {
  const std::vector<Strategy> rules = published_rules({8, 16});
  EXPECT_EQ(rule(rules, "MLAS").threads({1, 1, 200000}), 4);
  EXPECT_EQ(rule(rules, "Eigen").threads({1, 1, 200000}), 4);
  EXPECT_EQ(rule(rules, "PyTorch grain").threads({256, 256, 1}), 2);
  EXPECT_EQ(rule(rules, "PyTorch grain").threads({1, 32768, 99999}), 1);
  EXPECT_EQ(rule(rules, "BLIS").threads({1, 1, 200000}), 8);
  // 6,250 cycles are less than what two threads cost, 5,000 + 5,000; 1e9 are worth all.
  EXPECT_EQ(rule(rules, "oneDNN").threads({1, 1, 200000}), 1);
  EXPECT_EQ(rule(rules, "oneDNN").threads({1000, 1000, 1000}), 8);
}

TEST(AtMost, NeedsTheWholeInterval) {
  EXPECT_EQ(at_most({0.01, 0.02}, 0.02), true);
  EXPECT_EQ(at_most({0.03, 0.04}, 0.02), false);
  EXPECT_EQ(at_most({0.01, 0.03}, 0.02), std::nullopt);
}

TEST(DrawShapes, AreDifferentInRangeAndTheSameForTheSameSeed) {
  ShapeRanges ranges;
  ranges.least_work = 4096;
  ranges.most_work = 1 << 20;
  for (const Spread spread : {Spread::random, Spread::even}) {
    const std::vector<Shape> shapes = draw_shapes(ranges, 300, spread, 3);
    EXPECT_EQ(std::set<Shape>(shapes.begin(), shapes.end()).size(), 300u);
    for (const Shape& shape : shapes) {
      EXPECT_LE(shape.m * shape.n * shape.k, 1 << 20);
      EXPECT_GE(shape.m * shape.n * shape.k, 4096);
      EXPECT_TRUE(shape.m >= 1 && shape.m <= 1024 && shape.k >= 16 && shape.k <= 2048);
    }
    EXPECT_EQ(shapes, draw_shapes(ranges, 300, spread, 3));
    EXPECT_NE(shapes, draw_shapes(ranges, 300, spread, 4));
  }
  EXPECT_THROW((void)draw_shapes({{1, 1, 1}, {2, 2, 2}, 0, 1e9}, 9, Spread::random, 1),
               std::invalid_argument);
}

TEST(Quantile, IsLinearBetweenOrderStatistics) {
  const std::vector<double> values{4, 1, 3, 2};
  EXPECT_DOUBLE_EQ(quantile(values, 0), 1);
  EXPECT_DOUBLE_EQ(quantile(values, 1), 4);
  EXPECT_DOUBLE_EQ(quantile(values, 0.5), 2.5);
  EXPECT_DOUBLE_EQ(quantile(values, 0.95), 3.85);
  EXPECT_THROW((void)quantile(values, 1.5), std::invalid_argument);
  EXPECT_THROW((void)quantile({}, 0.5), std::invalid_argument);
}

}  // namespace
}  // namespace crossover::harness
