#include "harness/statistics/sharp.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <random>
#include <rapidcheck.h>

namespace crossover::harness {
namespace {

using Sizes = std::vector<std::int64_t>;
using Effects = std::vector<std::vector<double>>;

const Sizes six_sizes{40, 45, 50, 56, 63, 70};
const Crossing around_them{36, 80, true};

Effects five_launches() {
  return {{-.10, -.06, -.01, .02, .07, .09},
          {-.08, -.05, .01, .04, .05, .13},
          {-.12, -.04, -.02, .01, .06, .10},
          {-.09, -.07, .00, .03, .09, .11},
          {-.11, -.03, .02, .02, .08, .12}};
}

Effects shifted(Effects effects, double by) {
  for (auto& launch : effects) {
    for (double& effect : launch) effect += by;
  }
  return effects;
}

/// The first three launches of five_launches(), moved up and down as a whole.
Effects five_moved_launches() {
  Effects effects = five_launches();
  const std::vector<double> shared{.01, 0, -.02, 0, 0};
  for (std::size_t l = 0; l < effects.size(); ++l) {
    for (double& effect : effects[l]) effect += shared[l];
  }
  return effects;
}

TEST(SharpInterval, AgreesWithAnIndependentComputation) {
  // numpy.polyfit for the lines, numpy.cov over them,
  // scipy.optimize.brentq for the two places where the inequality turns into an equality,
  // scipy.stats.t for the quantiles (scipy 1.10.1).
  const auto sharp = sharp_interval(six_sizes, five_launches(), around_them);
  ASSERT_TRUE(sharp && sharp->sizes);
  EXPECT_NEAR(*sharp->size, 51.73549172068503, 1e-9);
  EXPECT_NEAR(sharp->sizes->low, 50.40102638880177, 1e-9);
  EXPECT_NEAR(sharp->sizes->high, 53.07873793946914, 1e-9);
  EXPECT_NEAR(sharp->slope.value, 0.3656496013001378, 1e-12);
  EXPECT_NEAR(sharp->slope.ci.low, 0.3216276102234069, 1e-12);
  EXPECT_FALSE(sharp->flag);

  // Boost's quantile at 5.58 degrees of freedom agrees with scipy's to nine digits.
  const auto moved = sharp_interval(six_sizes, five_moved_launches(), around_them);
  ASSERT_TRUE(moved && moved->sizes);
  EXPECT_NEAR(*moved->size, 52.01924556107599, 1e-9);
  EXPECT_NEAR(moved->sizes->low, 49.44000291770736, 1e-7);
  EXPECT_NEAR(moved->sizes->high, 54.7082811218358, 1e-7);
}

TEST(SharpInterval, ABendIsPartOfTheVariance) {
  // As above, with numpy.linalg.lstsq for the bend.
  Effects bent = five_launches();
  const std::vector<double> bend{.03, -.01, -.02, -.02, -.01, .03};
  for (auto& launch : bent) {
    for (std::size_t j = 0; j < launch.size(); ++j) launch[j] += bend[j];
  }
  const auto sharp = sharp_interval(six_sizes, bent, around_them);
  ASSERT_TRUE(sharp && sharp->sizes);
  EXPECT_NEAR(*sharp->size, 51.73351923444695, 1e-9);
  EXPECT_NEAR(sharp->sizes->low, 42.92236279304914, 1e-6);
  EXPECT_NEAR(sharp->sizes->high, 61.85354310792673, 1e-6);
}

TEST(SharpInterval, ExactDataGiveTheRootItself) {
  Effects effects(3);
  for (auto& launch : effects) {
    for (const auto size : six_sizes) {
      launch.push_back(-0.4 * std::log(static_cast<double>(size) / 52.0));
    }
  }
  const auto sharp = sharp_interval(six_sizes, effects, {36, 80, false});
  ASSERT_TRUE(sharp && sharp->sizes);
  EXPECT_NEAR(*sharp->size, 52, 1e-9);
  EXPECT_NEAR(sharp->sizes->low, 52, 1e-4);
  EXPECT_NEAR(sharp->sizes->high, 52, 1e-4);
  EXPECT_NEAR(sharp->slope.value, -0.4, 1e-12);
  EXPECT_FALSE(sharp->flag);
}

TEST(SharpInterval, FlagsWhatMustNotBeUsed) {
  const auto disjoint = sharp_interval(six_sizes, five_launches(), {54, 80, true});
  ASSERT_TRUE(disjoint->flag);
  EXPECT_NE(disjoint->flag->find("outside the bracket"), std::string::npos);
  const auto contradicts = sharp_interval(six_sizes, five_launches(), {36, 80, false});
  ASSERT_TRUE(contradicts->flag);
  EXPECT_NE(contradicts->flag->find("contradicts"), std::string::npos);

  const Effects flat{{.1, -.1, .1, -.1, .1, -.1}, {-.1, .1, .1, -.1, -.1, .1}, {0, 0, 0, 0, 0, 0}};
  const auto unbounded = sharp_interval(six_sizes, flat, around_them);
  EXPECT_FALSE(unbounded->sizes);
  ASSERT_TRUE(unbounded->flag);
  const auto nothing =
      sharp_interval(six_sizes, Effects(3, std::vector<double>(6, 0)), around_them);
  EXPECT_FALSE(nothing->size) << "a flat line has no root";
  EXPECT_TRUE(nothing->flag);
}

TEST(SharpInterval, NulloptBelowTheMinimum) {
  const Sizes three{40, 50, 60};
  EXPECT_FALSE(sharp_interval(three, Effects(10, {-.1, 0, .1}), around_them));
  Effects two = five_launches();
  two.resize(2);
  EXPECT_FALSE(sharp_interval(six_sizes, two, around_them));
  EXPECT_FALSE(sharp_interval(Sizes{}, Effects{}, around_them));
}

TEST(SharpInterval, RefusesBrokenInput) {
  const auto refuses = [](const Sizes& sizes, const Effects& effects) {
    EXPECT_THROW(sharp_interval(sizes, effects, around_them), std::invalid_argument);
  };
  refuses({40, 45, 45, 56, 63, 70}, five_launches());
  refuses({0, 45, 50, 56, 63, 70}, five_launches());
  Effects ragged = five_launches();
  ragged[2].pop_back();
  refuses(six_sizes, ragged);
  Effects broken = five_launches();
  broken[4][1] = std::numeric_limits<double>::quiet_NaN();
  refuses(six_sizes, broken);
}

TEST(SharpInterval, NoiseSharedByALaunchWidensIt) {
  Effects effects = five_launches();
  const double alone = sharp_interval(six_sizes, effects, around_them)->sizes->high;
  const std::vector<double> shared{0.04, -0.04, 0.02, -0.02, 0};
  for (std::size_t l = 0; l < effects.size(); ++l) {
    for (double& effect : effects[l]) effect += shared[l];
  }
  const auto sharp = sharp_interval(six_sizes, effects, around_them);
  EXPECT_GT(sharp->sizes->high, alone + 2) << "residuals around each launch's line cannot see it";
}

TEST(SharpInterval, SizeEffectsDoNotShrinkWithLaunches) {
  const std::vector<double> jagged{-.13, -.03, -.06, .06, .03, .12};
  const auto few = sharp_interval(six_sizes, Effects(5, jagged), around_them);
  const auto many = sharp_interval(six_sizes, Effects(500, jagged), around_them);
  ASSERT_TRUE(few->sizes && many->sizes);
  EXPECT_NEAR(few->sizes->low, many->sizes->low, 1e-9);
  EXPECT_GT(few->sizes->high - few->sizes->low, 2);
}

TEST(SharpInterval, ExchangingTheArmsKeepsItAndItsSlopeFlips) {
  EXPECT_TRUE(rc::check([] {
    const double by = *rc::gen::inRange(-100, 101) / 1000.0;
    const Effects forward = shifted(five_launches(), by);
    Effects backward = forward;
    for (auto& launch : backward) {
      for (double& effect : launch) effect = -effect;
    }
    const auto a = sharp_interval(six_sizes, forward, {36, 80, true});
    const auto b = sharp_interval(six_sizes, backward, {36, 80, false});
    RC_ASSERT(a->sizes->low == b->sizes->low && a->sizes->high == b->sizes->high);
    RC_ASSERT(a->slope.value == -b->slope.value);
    RC_ASSERT(a->flag == b->flag);
    RC_ASSERT(a->sizes->low <= *a->size && *a->size <= a->sizes->high);
  }));
}

TEST(SharpInterval, ABentTrendWidensItAwayFromWhereTheLineMeetsIt) {
  // Two parabolas with equal residuals around their line: one has its root where line and parabola
  // meet, the other in the middle of the sizes, where they are farthest apart.
  const auto half_width = [](double root_offset) {
    Effects effects(5);
    for (auto& launch : effects) {
      for (const auto size : six_sizes) {
        const double u = std::log(static_cast<double>(size) / 53.0);
        launch.push_back(0.5 * (u - root_offset) + 0.6 * u * u);
      }
    }
    const auto sharp = sharp_interval(six_sizes, effects, around_them);
    return std::log(sharp->sizes->high / sharp->sizes->low) / 2;
  };
  EXPECT_GT(half_width(0.0), 1.2 * half_width(0.19));
}

// Launch effects of the model that the docstring states, with its truth at 52.
struct Model {
  double slope = 0.5;
  double shared = 0.01;  // sd, by launch
  double own = 0.015;    // sd, by launch and size
  double jagged = 0;     // sd, by size
};

Effects draw(const Model& model, std::mt19937_64& engine) {
  std::normal_distribution<double> normal;
  std::vector<double> truth;
  for (const auto size : six_sizes) {
    truth.push_back(model.slope * std::log(static_cast<double>(size) / 52.0) +
                    model.jagged * normal(engine));
  }
  Effects effects(10, truth);
  for (auto& launch : effects) {
    const double shared = model.shared * normal(engine);
    for (double& effect : launch) effect += shared + model.own * normal(engine);
  }
  return effects;
}

TEST(SharpSimulation, CoversTheSmoothRoot) {
  std::mt19937_64 engine(20240504);
  constexpr int repetitions = 2000;
  for (const Model& model : {Model{}, Model{.shared = 0.03}, Model{.shared = 0, .jagged = 0.01},
                             Model{.jagged = 0.01}, Model{.slope = -1.4, .jagged = 0.03}}) {
    int covered = 0;
    int used = 0;
    for (int i = 0; i < repetitions; ++i) {
      const auto sharp = sharp_interval(six_sizes, draw(model, engine), {36, 80, model.slope > 0});
      if (sharp->flag) continue;
      ++used;
      covered += sharp->sizes->low <= 52 && 52 <= sharp->sizes->high;
    }
    EXPECT_GE(used, 1900);
    EXPECT_GE(covered, 0.93 * used) << model.shared << " " << model.jagged;
    EXPECT_LE(covered, 0.98 * used) << "too wide to be sharp";
  }
}

}  // namespace
}  // namespace crossover::harness
