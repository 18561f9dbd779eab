#include "harness/policy/boundary_fit.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>

#include "harness/policy/linear_solver.h"

namespace crossover::harness {
namespace {

constexpr double largest_log_ratio = 0.5;  // a shape that is far from its boundary anyway
constexpr double ridge = 1e-6;             // makes the solution unique where nothing was measured

/// A point with its place on the grid.
struct Located {
  Corners corners;
  double log2_k = 0;
  double weight = 0;  // what the wrong side costs
  double sign = 0;

  double above(std::span<const double> surface) const {
    double at = 0;
    for (std::size_t i = 0; i < 4; ++i) at += corners.weight[i] * surface[corners.node[i]];
    return log2_k - at;
  }
};

std::vector<Located> located(const Grid& grid, std::span<const BoundaryPoint> points) {
  std::vector<Located> result;
  for (const BoundaryPoint& point : points) {
    if (!std::isfinite(point.log_ratio)) throw std::invalid_argument("a ratio is not finite");
    if (point.log_ratio == 0) continue;
    result.push_back({corners_of(grid, point.shape), std::log2(static_cast<double>(point.shape.k)),
                      std::expm1(std::min(std::abs(point.log_ratio), largest_log_ratio)),
                      point.log_ratio > 0 ? 1.0 : -1.0});
  }
  return result;
}

/// Adds scale * v v^T for the sparse v with these values at these nodes.
void add_outer(SymmetricMatrix& matrix, std::span<const std::size_t> nodes,
               std::span<const double> values, double scale) {
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    for (std::size_t j = 0; j < nodes.size(); ++j) {
      matrix.at(nodes[i], nodes[j]) += scale * values[i] * values[j];
    }
  }
}

/// The squared second differences along both axes and across, which all vanish on a plane.
SymmetricMatrix curvature(const Grid& grid) {
  constexpr std::array<double, 3> second{1, -2, 1};
  constexpr std::array<double, 4> mixed{1, -1, -1, 1};
  SymmetricMatrix penalty(grid.nodes());
  for (std::size_t row = 0; row < grid.rows; ++row) {
    for (std::size_t column = 0; column < grid.columns; ++column) {
      const std::size_t node = row * grid.columns + column;
      if (row + 2 < grid.rows) {
        add_outer(penalty, std::array{node, node + grid.columns, node + 2 * grid.columns}, second,
                  1);
      }
      if (column + 2 < grid.columns) {
        add_outer(penalty, std::array{node, node + 1, node + 2}, second, 1);
      }
      if (row + 1 < grid.rows && column + 1 < grid.columns) {
        add_outer(penalty, std::array{node, node + 1, node + grid.columns, node + grid.columns + 1},
                  mixed, 2);
      }
    }
  }
  return penalty;
}

/// The loss to be minimised, with its derivatives.
class Loss {
 public:
  Loss(const Grid& grid, std::vector<Located> points, const FitWeights& weights, double centre)
      : points_(std::move(points)), weights_(weights), centre_(centre), penalty_(curvature(grid)) {}

  double value(std::span<const double> surface) const {
    double sum = 0;
    for (const Located& point : points_) {
      const double d = -point.sign * point.above(surface) / weights_.sharpness;
      // ln(1 + e^d) without overflow.
      sum += point.weight * weights_.sharpness *
             (std::max(d, 0.0) + std::log1p(std::exp(-std::abs(d))));
    }
    const std::vector<double> bent = penalty_.times(surface);
    for (std::size_t i = 0; i < surface.size(); ++i) {
      const double off = surface[i] - centre_;
      sum += weights_.smoothness / 2 * surface[i] * bent[i] + ridge / 2 * off * off;
    }
    return sum;
  }

  /// The Newton step, to be subtracted.
  std::vector<double> step(std::span<const double> surface) const {
    SymmetricMatrix hessian = penalty_;
    hessian.scale(weights_.smoothness);
    std::vector<double> gradient = hessian.times(surface);
    for (std::size_t i = 0; i < surface.size(); ++i) {
      gradient[i] += ridge * (surface[i] - centre_);
      hessian.at(i, i) += ridge;
    }
    for (const Located& point : points_) {
      const double wrong =
          1 / (1 + std::exp(point.sign * point.above(surface) / weights_.sharpness));
      for (std::size_t i = 0; i < 4; ++i) {
        gradient[point.corners.node[i]] +=
            point.weight * point.sign * wrong * point.corners.weight[i];
      }
      add_outer(hessian, point.corners.node, point.corners.weight,
                point.weight * wrong * (1 - wrong) / weights_.sharpness);
    }
    return hessian.solve(gradient);
  }

 private:
  std::vector<Located> points_;
  FitWeights weights_;
  double centre_;
  SymmetricMatrix penalty_;
};

/// Newton's method with bounded and halved steps: far from the solution the loss is nearly linear,
/// and a full step would leave the range of all data.
std::vector<double> minimise(const Loss& loss, std::vector<double> surface) {
  constexpr int most_steps = 60;
  constexpr double enough = 1e-6;  // octaves
  constexpr double longest = 2;    // octaves
  double value = loss.value(surface);
  for (int number = 0; number < most_steps; ++number) {
    const std::vector<double> step = loss.step(surface);
    double largest = 0;
    for (const double one : step) largest = std::max(largest, std::abs(one));
    if (largest < enough) break;
    double share = std::min(1.0, longest / largest);
    for (int halving = 0; halving < 30; ++halving, share /= 2) {
      std::vector<double> next = surface;
      for (std::size_t i = 0; i < next.size(); ++i) next[i] -= share * step[i];
      const double reached = loss.value(next);
      if (reached > value) continue;
      surface = std::move(next);
      value = reached;
      break;
    }
  }
  return surface;
}

}  // namespace

Grid grid_around(std::span<const BoundaryPoint> points) {
  if (points.empty()) throw std::invalid_argument("no shapes to fit a boundary to");
  const auto range = [&](auto extent) {
    double low = std::numeric_limits<double>::infinity();
    double high = -low;
    for (const BoundaryPoint& point : points) {
      low = std::min(low, std::log2(static_cast<double>(extent(point.shape))));
      high = std::max(high, std::log2(static_cast<double>(extent(point.shape))));
    }
    const int first = static_cast<int>(std::floor(low));
    return std::pair{first, std::max(first + 1, static_cast<int>(std::ceil(high)))};
  };
  const auto m = range([](const Shape& shape) { return shape.m; });
  const auto n = range([](const Shape& shape) { return shape.n; });
  return {m.first, n.first, static_cast<std::size_t>(m.second - m.first + 1),
          static_cast<std::size_t>(n.second - n.first + 1)};
}

std::vector<double> fit_surface(const Grid& grid, std::span<const BoundaryPoint> points,
                                const FitWeights& weights) {
  std::vector<Located> all = located(grid, points);
  double centre = 0;
  double signs = 0;
  for (const Located& point : all) {
    centre += point.log2_k / static_cast<double>(all.size());
    signs += point.sign;
  }
  const bool one_sided = std::abs(signs) == static_cast<double>(all.size());
  if (one_sided) {  // no points included: then the smaller count is the safe one
    return std::vector<double>(grid.nodes(), signs > 0 ? -never_log2_k : never_log2_k);
  }
  std::vector<double> surface(grid.nodes(), centre);
  // From smooth to sharp, since a sharp loss is flat where the search begins.
  double sharpness = 1;
  while (sharpness > weights.sharpness) {
    surface = minimise({grid, all, {weights.smoothness, sharpness}, centre}, std::move(surface));
    sharpness /= 3;
  }
  return minimise({grid, std::move(all), weights, centre}, std::move(surface));
}

double surface_regret(const Grid& grid, std::span<const double> log2_k,
                      std::span<const BoundaryPoint> points) {
  if (points.empty()) return 0;
  double sum = 0;
  for (const BoundaryPoint& point : points) {
    const bool chosen =
        std::log2(static_cast<double>(point.shape.k)) >= surface_at(grid, log2_k, point.shape);
    if (chosen != (point.log_ratio > 0)) sum += std::expm1(std::abs(point.log_ratio));
  }
  return sum / static_cast<double>(points.size());
}

ChosenWeights choose_weights(const Grid& grid, std::span<const BoundaryPoint> points,
                             std::uint64_t seed) {
  constexpr std::size_t folds = 10;
  // The first one is nearly a plane. Of equal regrets the first wins.
  constexpr std::array<double, 6> smoothness{1e3, 10, 1, 0.1, 0.01, 0.001};
  constexpr std::array<double, 3> sharpness{1, 0.3, 0.1};
  std::vector<BoundaryPoint> shuffled(points.begin(), points.end());
  std::mt19937_64 random(seed);
  std::shuffle(shuffled.begin(), shuffled.end(), random);

  ChosenWeights best{{}, std::numeric_limits<double>::infinity()};
  for (const double smooth : smoothness) {
    for (const double sharp : sharpness) {
      double regret = 0;
      for (std::size_t fold = 0; fold < folds; ++fold) {
        std::vector<BoundaryPoint> seen;
        std::vector<BoundaryPoint> unseen;
        for (std::size_t i = 0; i < shuffled.size(); ++i) {
          (i % folds == fold ? unseen : seen).push_back(shuffled[i]);
        }
        const std::vector<double> surface = fit_surface(grid, seen, {smooth, sharp});
        regret += surface_regret(grid, surface, unseen) * static_cast<double>(unseen.size());
      }
      regret /= static_cast<double>(shuffled.size());
      if (regret < best.regret) best = {{smooth, sharp}, regret};
    }
  }
  return best;
}

std::vector<Place> places_of(const Grid& grid, std::span<const double> log2_k,
                             std::span<const BoundaryPoint> points) {
  const double infinity = std::numeric_limits<double>::infinity();
  std::vector<double> least(grid.nodes(), infinity);
  std::vector<double> most(grid.nodes(), -infinity);
  for (const BoundaryPoint& point : points) {
    const Corners corners = corners_of(grid, point.shape);
    const double k = std::log2(static_cast<double>(point.shape.k));
    for (std::size_t i = 0; i < 4; ++i) {
      if (corners.weight[i] <= 0) continue;
      least[corners.node[i]] = std::min(least[corners.node[i]], k);
      most[corners.node[i]] = std::max(most[corners.node[i]], k);
    }
  }
  std::vector<Place> places;
  for (std::size_t node = 0; node < grid.nodes(); ++node) {
    places.push_back(least[node] > most[node]     ? Place::unknown
                     : log2_k[node] > most[node]  ? Place::above
                     : log2_k[node] < least[node] ? Place::below
                                                  : Place::measured);
  }
  return places;
}

}  // namespace crossover::harness
