#include "harness/statistics/gate.h"

#include <cmath>
#include <gtest/gtest.h>
#include <random>
#include <rapidcheck/gtest.h>

namespace crossover::harness {
namespace {

constexpr double margin = 0.03;
const double bound = std::log1p(margin);

GateVerdict verdict_of(const std::vector<Interval>& intervals) { return gate(intervals, margin); }

TEST(Gate, OneCellByItsPlace) {
  EXPECT_EQ(gate({-0.10, -0.05}, margin), GateVerdict::regression);
  EXPECT_EQ(gate({-0.01, 0.01}, margin), GateVerdict::pass);
  EXPECT_EQ(gate({0.10, 0.20}, margin), GateVerdict::pass) << "faster is no regression";
  EXPECT_EQ(gate({-0.05, 0.05}, margin), GateVerdict::undecided);
}

TEST(Gate, TouchingTheMarginIsNotBeyondIt) {
  EXPECT_EQ(gate({-0.10, -bound}, margin), GateVerdict::undecided);
  EXPECT_EQ(gate({-bound, 0.10}, margin), GateVerdict::pass);
}

TEST(Gate, MarginIsMoreTimeNotLessThroughput) {
  // 2.95% more time stays within the margin of 3%; its throughput is only 2.87% less.
  const double slower = -std::log(1.0295);
  EXPECT_EQ(gate({slower, slower}, margin), GateVerdict::pass);
  const double much_slower = -std::log(1.0305);
  EXPECT_EQ(gate({much_slower, much_slower}, margin), GateVerdict::regression);
}

TEST(Gate, OneRegressionDecidesWhateverElseThereIs) {
  EXPECT_EQ(verdict_of({{-0.01, 0.01}, {-0.10, -0.05}}), GateVerdict::regression);
  EXPECT_EQ(verdict_of({{-0.05, 0.05}, {-0.10, -0.05}}), GateVerdict::regression);
}

TEST(Gate, AllMustPass) {
  EXPECT_EQ(verdict_of({{-0.01, 0.01}, {0.10, 0.20}}), GateVerdict::pass);
  EXPECT_EQ(verdict_of({{-0.01, 0.01}, {-0.05, 0.05}}), GateVerdict::undecided);
}

TEST(Gate, NothingMeasuredIsNotAPass) {
  EXPECT_EQ(verdict_of({}), GateVerdict::undecided);
  const double infinity = INFINITY;
  EXPECT_EQ(verdict_of({{-infinity, infinity}}), GateVerdict::undecided);
  EXPECT_EQ(verdict_of({{NAN, NAN}}), GateVerdict::undecided);
}

TEST(GateInterval, OfOneCellAtOneLookIsStudents) {
  const GateCell cell{{0.01, 0.03, 0.02, 0.05, 0.04}};
  const Estimate estimate = gate_interval(cell, 1, 1);
  const Estimate student = *mean_interval(cell.launch_effects, 0.05);
  EXPECT_EQ(estimate.value, student.value);
  EXPECT_EQ(estimate.ci.low, student.ci.low);
  EXPECT_EQ(estimate.ci.high, student.ci.high);
}

TEST(GateInterval, SharesTheErrorRateAmongCellsAndLooks) {
  const GateCell cell{{0.01, 0.03, 0.02, 0.05, 0.04}};
  const Estimate estimate = gate_interval(cell, 12, 4);
  EXPECT_DOUBLE_EQ(estimate.level, 1 - 0.05 / 48);
  // Quantiles of t on 4 degrees of freedom from its closed form, F(t) = 1/2 + 3/8 s (1 - t^2 / (12
  // (1 + t^2/4))) with s = t / sqrt(1 + t^2/4): 8.518951 at 1 - 0.05/96 and 2.776445 at 1 - 0.05/2.
  const Estimate single = gate_interval(cell, 1, 1);
  const double widening = (estimate.ci.high - estimate.ci.low) / (single.ci.high - single.ci.low);
  EXPECT_NEAR(widening, 8.518951 / 2.776445, 1e-5);
}

TEST(GateInterval, BelowTwoLaunchesIsUnbounded) {
  for (const GateCell& cell : {GateCell{}, GateCell{{0.5}}}) {
    const Estimate estimate = gate_interval(cell, 3, 4);
    EXPECT_EQ(estimate.ci.low, -INFINITY);
    EXPECT_EQ(estimate.ci.high, INFINITY);
  }
}

TEST(GateInterval, RejectsNoCellsAndNoLooks) {
  EXPECT_THROW(gate_interval({}, 0, 1), std::invalid_argument);
  EXPECT_THROW(gate_interval({}, 1, 0), std::invalid_argument);
}

/// A whole gate over cells that differ by nothing but noise, looking after 8, 10, 15 and 20
/// launches and stopping at the first decision.
GateVerdict gate_with_looks(std::mt19937_64& random, std::size_t cells, double effect, double noise,
                            double gate_margin) {
  std::normal_distribution<double> launch(effect, noise);
  std::vector<GateCell> evidence(cells);
  const std::vector<std::size_t> looks{8, 10, 15, 20};
  for (const std::size_t look : looks) {
    std::vector<Interval> intervals;
    for (GateCell& cell : evidence) {
      while (cell.launch_effects.size() < look) cell.launch_effects.push_back(launch(random));
      intervals.push_back(gate_interval(cell, cells, looks.size()).ci);
    }
    const GateVerdict verdict = gate(intervals, gate_margin);
    if (verdict != GateVerdict::undecided) return verdict;
  }
  return GateVerdict::undecided;
}

/// How many of 2,000 simulated gates end with that verdict.
int count(GateVerdict wanted, std::size_t cells, double effect, double noise, double gate_margin) {
  std::mt19937_64 random(7);
  int found = 0;
  for (int repetition = 0; repetition < 2000; ++repetition) {
    found += gate_with_looks(random, cells, effect, noise, gate_margin) == wanted;
  }
  return found;
}

TEST(GateSimulation, IdenticalBuildsAtNoMarginAreRarelyARegression) {
  // The hardest case: exactly on the margin. At most 5% of 2,000, plus three standard errors.
  EXPECT_LE(count(GateVerdict::regression, 12, 0, 0.02, 0), 100 + 29);
}

TEST(GateSimulation, ABuildExactlyAtTheMarginRarelyPasses) {
  EXPECT_LE(count(GateVerdict::pass, 1, -bound, 0.02, margin), 100 + 29);
}

TEST(GateSimulation, TellsLargeEffectsFromNone) {
  EXPECT_EQ(count(GateVerdict::regression, 12, -0.25, 0.02, margin), 2000);
  EXPECT_GE(count(GateVerdict::pass, 12, 0, 0.005, margin), 1990);
}

RC_GTEST_PROP(GateProperty, MoreMarginNeverMakesARegression, ()) {
  const double low = *rc::gen::inRange(-100, 100) * 1e-3;
  const double width = *rc::gen::inRange(0, 100) * 1e-3;
  const Interval interval{low, low + width};
  const double small = *rc::gen::inRange(0, 50) * 1e-3;
  const double large = small + *rc::gen::inRange(0, 50) * 1e-3;
  if (gate(interval, small) == GateVerdict::pass) {
    RC_ASSERT(gate(interval, large) == GateVerdict::pass);
  }
  if (gate(interval, large) == GateVerdict::regression) {
    RC_ASSERT(gate(interval, small) == GateVerdict::regression);
  }
}

}  // namespace
}  // namespace crossover::harness
