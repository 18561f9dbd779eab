#include "harness/policy/fit.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "harness/statistics/statistics.h"

namespace crossover::harness {
namespace {

/// The smaller count with the least median time.
std::size_t best_below(const MeasuredShape& shape, std::size_t index) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < index; ++i) {
    if (median(shape.seconds[i]) < median(shape.seconds[best])) best = i;
  }
  return best;
}

/// The boundary of another sample of launches and shapes.
std::vector<double> resampled_surface(const MeasuredShapes& measured, std::size_t index,
                                      const Grid& grid, const FitWeights& weights,
                                      std::mt19937_64& random) {
  std::vector<std::size_t> launches;
  for (std::size_t i = 0; i < measured.shapes.front().seconds.front().size(); ++i) {
    launches.push_back(random() % measured.shapes.front().seconds.front().size());
  }
  const std::vector<BoundaryPoint> points = boundary_points(measured, index, launches);
  std::vector<BoundaryPoint> drawn;
  for (std::size_t i = 0; i < points.size(); ++i) drawn.push_back(points[random() % points.size()]);
  return fit_surface(grid, drawn, weights);
}

void add_intervals(const MeasuredShapes& measured, std::size_t index, const Grid& grid,
                   std::size_t replicates, std::mt19937_64& random, Boundary& boundary) {
  constexpr double tail = 0.025;
  std::vector<std::vector<double>> values(grid.nodes());
  for (std::size_t replicate = 0; replicate < replicates; ++replicate) {
    const std::vector<double> surface =
        resampled_surface(measured, index, grid, {boundary.smoothness, boundary.sharpness}, random);
    for (std::size_t node = 0; node < values.size(); ++node) values[node].push_back(surface[node]);
  }
  boundary.low.assign(grid.nodes(), std::nullopt);
  boundary.high.assign(grid.nodes(), std::nullopt);
  for (std::size_t node = 0; node < values.size(); ++node) {
    if (boundary.place[node] != Place::measured || replicates == 0) continue;
    boundary.low[node] = quantile(values[node], tail);
    boundary.high[node] = quantile(values[node], 1 - tail);
  }
}

}  // namespace

std::vector<BoundaryPoint> boundary_points(const MeasuredShapes& measured, std::size_t index,
                                           std::span<const std::size_t> launches) {
  std::vector<BoundaryPoint> points;
  for (const MeasuredShape& shape : measured.shapes) {
    const std::vector<double>& smaller = shape.seconds[best_below(shape, index)];
    const std::vector<double>& own = shape.seconds[index];
    std::vector<double> ratios;
    for (std::size_t i = 0; i < (launches.empty() ? own.size() : launches.size()); ++i) {
      const std::size_t launch = launches.empty() ? i : launches[i] % own.size();
      ratios.push_back(std::log(smaller[launch] / own[launch]));
    }
    points.push_back({shape.shape, median(ratios)});
  }
  return points;
}

Policy fit_policy(const MeasuredShapes& measured, std::uint64_t seed, std::size_t replicates) {
  Policy policy;
  policy.machine = measured.machine;
  policy.cpu = measured.cpu;
  policy.cpu_model = measured.cpu_model;
  policy.cores = measured.cores;
  policy.condition = measured.condition;
  policy.threads = measured.threads;
  policy.sources = measured.sources;
  policy.cells = measured.shapes.size() * measured.threads.size();
  for (const MeasuredShape& shape : measured.shapes) policy.training.push_back(shape.shape);
  std::sort(policy.training.begin(), policy.training.end());
  std::mt19937_64 random(seed);
  for (std::size_t index = 1; index < measured.threads.size(); ++index) {
    const std::vector<BoundaryPoint> points = boundary_points(measured, index);
    policy.grid = grid_around(points);
    const ChosenWeights chosen = choose_weights(policy.grid, points, seed);
    Boundary boundary;
    boundary.threads = measured.threads[index];
    boundary.smoothness = chosen.weights.smoothness;
    boundary.sharpness = chosen.weights.sharpness;
    boundary.validated_regret = chosen.regret;
    boundary.shapes = points.size();
    boundary.log2_k = fit_surface(policy.grid, points, chosen.weights);
    boundary.place = places_of(policy.grid, boundary.log2_k, points);
    add_intervals(measured, index, policy.grid, replicates, random, boundary);
    policy.boundaries.push_back(std::move(boundary));
  }
  return policy;
}

}  // namespace crossover::harness
