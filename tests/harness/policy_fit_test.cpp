#include <gtest/gtest.h>
#include <map>

#include "harness/policy/fit.h"
#include "harness/policy/linear_solver.h"
#include "tests/harness/policy_worlds.h"

namespace crossover::harness {
namespace {

using test::held_out;
using test::PolicyWorld;
using test::training_shapes;

TEST(LinearSolver, SolvesByHandAndRefusesWhatIsNotDefinite) {
  SymmetricMatrix matrix(2);
  matrix.at(0, 0) = 4;
  matrix.at(0, 1) = matrix.at(1, 0) = 2;
  matrix.at(1, 1) = 3;
  const std::vector<double> x = matrix.solve(std::vector<double>{10, 11});
  EXPECT_NEAR(x[0], 1, 1e-12);
  EXPECT_NEAR(x[1], 3, 1e-12);
  matrix.at(1, 1) = 1;
  EXPECT_THROW((void)matrix.solve(std::vector<double>{1, 1}), std::invalid_argument);
}

TEST(Surface, IsBilinearInLogSpace) {
  const Grid grid{1, 4, 2, 3};
  const std::vector<double> values{8, 6, 4, 7, 5, 3};
  EXPECT_DOUBLE_EQ(surface_at(grid, values, {2, 16, 1}), 8);
  EXPECT_DOUBLE_EQ(surface_at(grid, values, {4, 64, 1}), 3);
  EXPECT_NEAR(surface_at(grid, values, {3, 16, 1}), 8 - (std::log2(3.0) - 1), 1e-12);
  EXPECT_DOUBLE_EQ(surface_at(grid, values, {1, 1, 1}), 8);
  EXPECT_DOUBLE_EQ(surface_at(grid, values, {1000, 1000, 1}), 3);
}

TEST(Surface, CornersSumToTheSameValue) {
  const Grid grid{0, 4, 4, 5};
  std::vector<double> values(grid.nodes());
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = std::sin(static_cast<double>(i));
  for (const Shape& shape : held_out()) {
    const Corners corners = corners_of(grid, shape);
    double sum = 0;
    double weights = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      sum += corners.weight[i] * values[corners.node[i]];
      weights += corners.weight[i];
    }
    EXPECT_NEAR(sum, surface_at(grid, values, shape), 1e-12);
    EXPECT_NEAR(weights, 1, 1e-12);
  }
}

/// ln(T_smaller / T) where all that counts is m*n*k: the law of the published rules.
std::vector<BoundaryPoint> law_of_work(double threshold) {
  std::vector<BoundaryPoint> points;
  for (const Shape& shape : training_shapes(600)) {
    const double work =
        static_cast<double>(shape.m) * static_cast<double>(shape.n) * static_cast<double>(shape.k);
    points.push_back({shape, 0.2 * std::log(work / threshold)});
  }
  return points;
}

TEST(FitSurface, FindsTheLawOfWorkAndExtendsItWhereNothingWasMeasured) {
  const std::vector<BoundaryPoint> points = law_of_work(1e5);
  const Grid grid = grid_around(points);
  const ChosenWeights chosen = choose_weights(grid, points, 1);
  EXPECT_LT(chosen.regret, 0.001);
  const std::vector<double> surface = fit_surface(grid, points, chosen.weights);
  for (const Shape& node : {Shape{4, 64, 1}, Shape{16, 256, 1}, Shape{64, 64, 1}}) {
    const double expected =
        std::log2(1e5 / static_cast<double>(node.m) / static_cast<double>(node.n));
    EXPECT_NEAR(surface_at(grid, surface, node), expected, 0.3);
  }
  const std::vector<double> stiff = fit_surface(grid, points, {1e3, 0.1});
  EXPECT_NEAR(surface_at(grid, stiff, {1024, 2048, 1}), std::log2(1e5 / 1024 / 2048), 0.7);
}

TEST(FitSurface, OneSidedDataGiveNeverOrAlways) {
  std::vector<BoundaryPoint> points = law_of_work(1e5);
  for (BoundaryPoint& point : points) point.log_ratio = -0.5;
  const Grid grid = grid_around(points);
  EXPECT_EQ(fit_surface(grid, points, {}), std::vector<double>(grid.nodes(), never_log2_k));
  EXPECT_EQ(places_of(grid, fit_surface(grid, points, {}), points).front(), Place::above);
  for (BoundaryPoint& point : points) point.log_ratio = 0.5;
  EXPECT_EQ(fit_surface(grid, points, {}), std::vector<double>(grid.nodes(), -never_log2_k));
  for (BoundaryPoint& point : points) point.log_ratio = 0;
  EXPECT_EQ(fit_surface(grid, points, {}).front(), never_log2_k);
}

TEST(FitSurface, AFewWildShapesHardlyCostAnything) {
  const std::vector<BoundaryPoint> clean = law_of_work(1e5);
  std::vector<BoundaryPoint> points = clean;
  for (std::size_t i = 0; i < points.size(); i += 40) points[i].log_ratio *= -1;
  const Grid grid = grid_around(points);
  const std::vector<double> surface =
      fit_surface(grid, points, choose_weights(grid, points, 1).weights);
  EXPECT_LT(surface_regret(grid, surface, clean), 0.005);
}

TEST(FitSurface, RefusesWhatIsNoData) {
  EXPECT_THROW((void)grid_around({}), std::invalid_argument);
  const std::vector<BoundaryPoint> broken{{{1, 16, 16}, NAN}};
  EXPECT_THROW((void)fit_surface({0, 4, 2, 2}, broken, {}), std::invalid_argument);
}

/// Mean regret on shapes that the policy does not know, from the true times.
double true_regret(const PolicyWorld& world, const Policy& policy) {
  double sum = 0;
  const std::vector<Shape> shapes = held_out(400);
  for (const Shape& shape : shapes) {
    const int best = world.best(shape, policy.threads);
    sum += world.seconds(shape, choose_threads(policy, shape)) / world.seconds(shape, best) - 1;
  }
  return sum / static_cast<double>(shapes.size());
}

TEST(FitPolicy, ChoosesAsBruteForceDoesUpToWhatHardlyCosts) {
  const PolicyWorld world;
  const Policy policy = fit_policy(world.measure(training_shapes(), {1, 2}, 6, 1), 1, 0);
  EXPECT_LT(true_regret(world, policy), 0.002);
  for (const Shape& shape : held_out(400)) {
    const double ratio = world.seconds(shape, 1) / world.seconds(shape, 2);
    if (std::abs(std::log(ratio)) < 0.1) continue;
    EXPECT_EQ(choose_threads(policy, shape), ratio > 1 ? 2 : 1)
        << shape.m << " " << shape.n << " " << shape.k << " " << ratio;
  }
}

TEST(FitPolicy, StandsNoiseAndJaggedShapes) {
  const PolicyWorld world{.noise = 0.05, .jaggedness = 0.05};
  const Policy policy = fit_policy(world.measure(training_shapes(), {1, 2}, 6, 3), 1, 0);
  EXPECT_LT(true_regret(world, policy), 0.01);
}

TEST(FitPolicy, KnowsManyCountsOfThreads) {
  const PolicyWorld world;
  const std::vector<int> counts{1, 2, 4, 8};
  const Policy policy = fit_policy(world.measure(training_shapes(), counts, 6, 1), 1, 0);
  ASSERT_EQ(policy.boundaries.size(), 3u);
  EXPECT_LT(true_regret(world, policy), 0.01);
  std::map<int, int> chosen;
  for (const Shape& shape : held_out(400)) ++chosen[choose_threads(policy, shape)];
  EXPECT_GT(chosen[8], 50);
  EXPECT_GT(chosen[1], 50);
}

TEST(FitPolicy, HasIntervalsWhereTheBoundaryWasMeasured) {
  const PolicyWorld world{.noise = 0.02};
  const Policy policy = fit_policy(world.measure(training_shapes(300), {1, 2}, 6, 1), 1, 30);
  const Boundary& boundary = policy.boundaries.front();
  int measured = 0;
  for (std::size_t node = 0; node < policy.grid.nodes(); ++node) {
    EXPECT_EQ(boundary.low[node].has_value(), boundary.place[node] == Place::measured);
    if (!boundary.low[node]) continue;
    ++measured;
    EXPECT_LE(*boundary.low[node], *boundary.high[node]);
  }
  EXPECT_GT(measured, 10);
}

TEST(FitPolicy, IsTheSameForTheSameSeed) {
  const MeasuredShapes measured =
      PolicyWorld{.noise = 0.02}.measure(training_shapes(200), {1, 2}, 6, 1);
  EXPECT_EQ(fit_policy(measured, 5, 5).boundaries.front().low,
            fit_policy(measured, 5, 5).boundaries.front().low);
}

}  // namespace
}  // namespace crossover::harness
