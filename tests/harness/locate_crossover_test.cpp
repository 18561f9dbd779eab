#include <algorithm>
#include <cmath>
#include <cstdint>
#include <gtest/gtest.h>
#include <optional>
#include <random>
#include <rapidcheck.h>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "harness/statistics/crossover.h"
#include "tests/harness/crossover_curves.h"

namespace crossover::harness {
namespace {

using Curve = std::vector<CurvePoint>;
using Notes = std::vector<std::string>;

constexpr double margin = 0.02;

CrossoverResult locate(const std::string& kinds) {
  return locate_crossover(curve(kinds), 1, margin);
}

void expect_bracket(const Crossing& crossing, int from, int to, bool variant_wins_above) {
  EXPECT_EQ(crossing.from, from);
  EXPECT_EQ(crossing.to, to);
  EXPECT_EQ(crossing.variant_wins_above, variant_wins_above);
}

TEST(LocateCrossover, OneCrossing) {
  const CrossoverResult result = locate("---+++");
  EXPECT_EQ(result.outcome, Outcome::crossing);
  ASSERT_EQ(result.crossings.size(), 1u);
  expect_bracket(result.crossings[0], 30, 40, true);
  EXPECT_TRUE(result.notes.empty());
  ASSERT_EQ(result.points.size(), 6u);
  EXPECT_EQ(result.points[5].axis_value, 60);
}

TEST(LocateCrossover, FallingCrossing) {
  const CrossoverResult result = locate("++?--");
  EXPECT_EQ(result.outcome, Outcome::crossing);
  ASSERT_EQ(result.crossings.size(), 1u);
  expect_bracket(result.crossings[0], 20, 40, false);
}

TEST(LocateCrossover, TiesAndUndecidedInsideTheBracketWidenIt) {
  const CrossoverResult result = locate("--?0?0++");
  EXPECT_EQ(result.outcome, Outcome::crossing);
  ASSERT_EQ(result.crossings.size(), 1u);
  expect_bracket(result.crossings[0], 20, 70, true);
  EXPECT_TRUE(result.notes.empty());
}

TEST(LocateCrossover, SmallButCertainDifferencesBoundTheBracket) {
  const CrossoverResult result = locate("-m0p+");
  EXPECT_EQ(result.outcome, Outcome::crossing);
  ASSERT_EQ(result.crossings.size(), 1u);
  expect_bracket(result.crossings[0], 20, 40, true);
}

TEST(LocateCrossover, TiesOutsideTheBracketAreNoted) {
  const CrossoverResult result = locate("00-0--0+0+00");
  EXPECT_EQ(result.outcome, Outcome::crossing);
  ASSERT_EQ(result.crossings.size(), 1u);
  expect_bracket(result.crossings[0], 60, 80, true);
  EXPECT_EQ(result.notes, (Notes{"ties up to 20", "ties at 40, 90", "ties from 110"}));
}

TEST(LocateCrossover, VariantWinsEverywhereOrNowhere) {
  EXPECT_EQ(locate("++++").outcome, Outcome::below);
  EXPECT_EQ(locate("----").outcome, Outcome::above);
  EXPECT_TRUE(locate("++++").crossings.empty());
  EXPECT_TRUE(locate("++++").notes.empty());
}

TEST(LocateCrossover, TiesThenPlus) {
  const CrossoverResult result = locate("000+p+");
  EXPECT_EQ(result.outcome, Outcome::below);
  EXPECT_EQ(result.notes, Notes{"ties up to 30"});
  EXPECT_EQ(locate("--00").notes, Notes{"ties from 30"});
  EXPECT_EQ(locate("-0-").notes, Notes{"ties at 20"});
}

TEST(LocateCrossover, OneUndecidedSizeForbidsEverywhereAndNowhere) {
  for (const char* kinds : {"?+++", "+?++", "+++?"}) {
    EXPECT_EQ(locate(kinds).outcome, Outcome::unresolved) << kinds;
    EXPECT_TRUE(locate(kinds).crossings.empty()) << kinds;
  }
  EXPECT_EQ(locate("-?-?").outcome, Outcome::unresolved);
  EXPECT_EQ(locate("-?-?").notes, Notes{"undecided: 20, 40"});
}

TEST(LocateCrossover, UndecidedOutsideTheBracketLeavesACandidate) {
  const CrossoverResult result = locate("-?--?+");
  EXPECT_EQ(result.outcome, Outcome::unresolved);
  ASSERT_EQ(result.crossings.size(), 1u);
  expect_bracket(result.crossings[0], 40, 60, true);
  EXPECT_EQ(result.notes, (Notes{"undecided: 20, 50"}));
  EXPECT_EQ(locate("?-+").outcome, Outcome::unresolved);
  EXPECT_EQ(locate("-+?").outcome, Outcome::unresolved);
  EXPECT_EQ(locate("-+?+").outcome, Outcome::unresolved);
}

TEST(LocateCrossover, SeveralCrossings) {
  const CrossoverResult result = locate("--+0?-0+");
  EXPECT_EQ(result.outcome, Outcome::several);
  ASSERT_EQ(result.crossings.size(), 3u);
  expect_bracket(result.crossings[0], 20, 30, true);
  expect_bracket(result.crossings[1], 30, 60, false);
  expect_bracket(result.crossings[2], 60, 80, true);
  EXPECT_TRUE(result.notes.empty());
}

TEST(LocateCrossover, SeveralCrossingsWithUndecidedSizesOutside) {
  const CrossoverResult result = locate("?-+?+-");
  EXPECT_EQ(result.outcome, Outcome::several);
  EXPECT_EQ(result.crossings.size(), 2u);
  EXPECT_EQ(result.notes,
            Notes{"undecided outside the brackets, so there may be more crossings: 10, 40"});
}

TEST(LocateCrossover, FirstAndPersistentCrossing) {
  const auto first = [](const char* kinds) { return locate(kinds).first; };
  const auto persistent = [](const char* kinds) { return locate(kinds).persistent; };
  EXPECT_EQ(first("--++"), 0u);
  EXPECT_EQ(persistent("--++"), 0u);
  EXPECT_EQ(first("--+-+"), 0u);
  EXPECT_EQ(persistent("--+-+"), 2u);
  EXPECT_EQ(persistent("-+?-+"), 2u) << "undecided before it does not matter";
  EXPECT_EQ(persistent("-+-?+0"), 2u) << "nor inside its bracket, nor a tie after it";
  EXPECT_EQ(persistent("-+-++?"), std::nullopt) << "it might change once more";
  EXPECT_EQ(first("-+-++?"), 0u);
  for (const char* none : {"++++", "0000", "?", ""}) {
    EXPECT_EQ(first(none), std::nullopt) << none;
    EXPECT_EQ(persistent(none), std::nullopt) << none;
  }
}

TEST(LocateCrossover, ResolutionIsTheWidestStepOfTheGrid) {
  EXPECT_DOUBLE_EQ(*locate("-+++").resolution, 2.0);
  EXPECT_DOUBLE_EQ(*locate("0000").resolution, 2.0) << "whatever the outcome";
  Curve points = curve("-+++");
  points[3].axis_value = 100;
  EXPECT_DOUBLE_EQ(*locate_crossover(points, 1, margin).resolution, 100.0 / 30);
  EXPECT_EQ(locate("+").resolution, std::nullopt);
  EXPECT_EQ(locate("").resolution, std::nullopt);
}

TEST(LocateCrossover, SawtoothOfABatchOverWorkers) {
  // Over 4 workers the coarse-grained variant takes ceil(B / 4) steps, the fine-grained one B / 4
  // and a fifth of overhead: coarse wins at B = 4, 7, 8, 11, 12, and at 10 they tie.
  Curve points;
  for (int batch = 1; batch <= 12; ++batch) {
    const double effect = std::log(batch / 4.0 * 1.2 / std::ceil(batch / 4.0));
    points.push_back({batch, {effect - 1e-4, effect, effect + 1e-4}});
  }
  const CrossoverResult result = locate_crossover(points, 1, margin);
  EXPECT_EQ(result.outcome, Outcome::several);
  ASSERT_EQ(result.crossings.size(), 5u);
  expect_bracket(result.crossings[0], 3, 4, true);
  expect_bracket(result.crossings[1], 4, 5, false);
  expect_bracket(result.crossings[2], 6, 7, true);
  expect_bracket(result.crossings[3], 8, 9, false);
  expect_bracket(result.crossings[4], 9, 11, true);
}

TEST(LocateCrossover, IndistinguishableWhateverTheSigns) {
  EXPECT_EQ(locate("0000").outcome, Outcome::indistinguishable);
  EXPECT_TRUE(locate("0000").notes.empty());
  for (const char* kinds : {"pppp", "mmmm", "m00p", "mpmp"}) {
    EXPECT_EQ(locate(kinds).outcome, Outcome::indistinguishable) << kinds;
    EXPECT_TRUE(locate(kinds).crossings.empty()) << kinds;
  }
  EXPECT_EQ(locate("m00p").notes, Notes{"certain in sign, though within the margin: 10, 40"});
  EXPECT_EQ(locate("pp+").outcome, Outcome::below);
  EXPECT_EQ(locate("mp+").outcome, Outcome::crossing);
}

TEST(LocateCrossover, OnlyTiesAndUndecidedIsUnresolved) {
  const CrossoverResult result = locate("0??0?");
  EXPECT_EQ(result.outcome, Outcome::unresolved);
  EXPECT_TRUE(result.crossings.empty());
  EXPECT_EQ(result.notes, (Notes{"ties up to 10", "ties at 40", "undecided: 20, 30, 50"}));
}

TEST(LocateCrossover, OneSize) {
  EXPECT_EQ(locate("+").outcome, Outcome::below);
  EXPECT_EQ(locate("-").outcome, Outcome::above);
  EXPECT_EQ(locate("0").outcome, Outcome::indistinguishable);
  EXPECT_EQ(locate("p").outcome, Outcome::indistinguishable);
  EXPECT_EQ(locate("?").outcome, Outcome::unresolved);
}

TEST(LocateCrossover, NoSize) {
  const CrossoverResult result = locate("");
  EXPECT_EQ(result.outcome, Outcome::unresolved);
  EXPECT_TRUE(result.points.empty());
  EXPECT_EQ(result.notes, Notes{"no sizes were measured"});
}

TEST(LocateCrossover, RefusesSizesOutOfOrder) {
  Curve points = curve("-+");
  std::swap(points[0], points[1]);
  EXPECT_THROW(locate_crossover(points, 1, margin), std::invalid_argument);
  points[0].axis_value = points[1].axis_value;
  EXPECT_THROW(locate_crossover(points, 1, margin), std::invalid_argument);
}

rc::Gen<std::string> any_kinds() {
  return rc::gen::container<std::string>(rc::gen::element('+', '-', 'p', 'm', '0', '?'));
}

TEST(LocateCrossover, ExchangingTheArmsFlipsTheAnswer) {
  EXPECT_TRUE(rc::check([] {
    const Curve forward = curve(*any_kinds());
    Curve backward = forward;
    for (CurvePoint& point : backward) {
      for (double& effect : point.launch_effects) effect = -effect;
    }
    const CrossoverResult a = locate_crossover(forward, 1, margin);
    const CrossoverResult b = locate_crossover(backward, 1, margin);
    const Outcome expected = a.outcome == Outcome::below   ? Outcome::above
                             : a.outcome == Outcome::above ? Outcome::below
                                                           : a.outcome;
    RC_ASSERT(b.outcome == expected);
    RC_ASSERT(b.notes == a.notes);
    RC_ASSERT(b.crossings.size() == a.crossings.size());
    for (std::size_t i = 0; i < a.crossings.size(); ++i) {
      RC_ASSERT(b.crossings[i].from == a.crossings[i].from);
      RC_ASSERT(b.crossings[i].to == a.crossings[i].to);
      RC_ASSERT(b.crossings[i].variant_wins_above != a.crossings[i].variant_wins_above);
    }
  }));
}

TEST(LocateCrossover, BracketsEndInOppositeSignsWithNoneBetween) {
  EXPECT_TRUE(rc::check([] {
    const std::string kinds = *any_kinds();
    const CrossoverResult result = locate(kinds);
    const auto wins = [&](std::int64_t size) {
      const char kind = kinds[static_cast<std::size_t>(size / 10 - 1)];
      return kind == '+' || kind == 'p' ? 1 : kind == '-' || kind == 'm' ? -1 : 0;
    };
    for (const Crossing& crossing : result.crossings) {
      RC_ASSERT(wins(crossing.to) == (crossing.variant_wins_above ? 1 : -1));
      RC_ASSERT(wins(crossing.from) == -wins(crossing.to));
      for (auto size = crossing.from + 10; size < crossing.to; size += 10) {
        RC_ASSERT(wins(size) == 0);
      }
    }
    if (result.outcome == Outcome::crossing) RC_ASSERT(result.crossings.size() == 1u);
    if (result.outcome == Outcome::several) RC_ASSERT(result.crossings.size() > 1u);
  }));
}

// Timing noise with a known truth: launch effects are normal around slope * ln(x / root) + level.
struct Simulation {
  double slope = 0;
  double level = 0;
  double root = 76;  // midway between the sizes 64 and 91
  double launch_sd = 0.01;
};

Curve simulated(const Simulation& truth, std::mt19937_64& engine) {
  std::normal_distribution<double> noise(0, truth.launch_sd);
  Curve points;
  for (int i = 0; i < 14; ++i) {
    const auto size = static_cast<std::int64_t>(std::llround(8 * std::pow(std::sqrt(2.0), i)));
    const double g = truth.level + truth.slope * std::log(static_cast<double>(size) / truth.root);
    CurvePoint point{size, {}};
    for (int launch = 0; launch < 6; ++launch) point.launch_effects.push_back(g + noise(engine));
    points.push_back(point);
  }
  return points;
}

constexpr int repetitions = 300;

TEST(CrossoverSimulation, NoFalseCrossingsOnAFlatCurve) {
  std::mt19937_64 engine(20240501);
  for (const double level : {-0.01, 0.0, 0.01}) {
    int false_crossings = 0;
    int false_signs = 0;
    for (int i = 0; i < repetitions; ++i) {
      const CrossoverResult result =
          locate_crossover(simulated({.level = level}, engine), 1, margin);
      false_crossings += result.crossings.empty() ? 0 : 1;  // candidates count too
      false_signs += std::any_of(result.points.begin(), result.points.end(), [&](const auto& p) {
        return (p.sign == Sign::plus && level <= 0) || (p.sign == Sign::minus && level >= 0);
      });
    }
    EXPECT_LE(false_crossings, repetitions * 5 / 100) << level;
    // A false crossing needs a false sign. These are promised in at most 5% of curves, so 15 in
    // 300; 24 is two and a half standard deviations above it.
    EXPECT_LE(false_signs, 24) << level;
  }
}

TEST(CrossoverSimulation, PrimaryIntervalCoversTheTrueCrossing) {
  std::mt19937_64 engine(20240502);
  for (const double slope : {0.05, 0.1, 0.3, 1.4, -0.3}) {
    int covered = 0;
    int reported = 0;
    double width = 0;
    for (int i = 0; i < repetitions; ++i) {
      const Simulation truth{.slope = slope};
      const CrossoverResult result = locate_crossover(simulated(truth, engine), 1, margin);
      if (result.crossings.empty()) continue;
      ++reported;
      const Crossing& bracket = result.crossings.front();
      const bool covers = static_cast<double>(bracket.from) <= truth.root &&
                          truth.root <= static_cast<double>(bracket.to);
      covered +=
          covers && result.crossings.size() == 1 && bracket.variant_wins_above == (slope > 0);
      width += std::log(static_cast<double>(bracket.to) / static_cast<double>(bracket.from));
    }
    EXPECT_GE(covered, 0.95 * reported) << slope;
    EXPECT_GE(reported, 0.95 * repetitions) << slope;
    // Covering is easy for a bracket as wide as the grid. From slope 0.3 on, the sizes next to the
    // root are 0.05 or more from 0, which 1% noise seldom hides: about one step of the grid.
    if (std::abs(slope) >= 0.3) {
      EXPECT_LE(width / reported, 1.1 * std::log(std::sqrt(2.0))) << slope;
    }
  }
}

}  // namespace
}  // namespace crossover::harness
