#include "harness/policy/drawn_shapes.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/format.h>
#include <random>
#include <set>
#include <stdexcept>

namespace crossover::harness {
namespace {

double work(const Shape& shape) {
  return static_cast<double>(shape.m) * static_cast<double>(shape.n) * static_cast<double>(shape.k);
}

std::int64_t log_uniform(std::int64_t least, std::int64_t most, double share) {
  const double low = std::log(static_cast<double>(least));
  const double high = std::log(static_cast<double>(most));
  return std::clamp(static_cast<std::int64_t>(std::llround(std::exp(low + share * (high - low)))),
                    least, most);
}

/// Points in the unit cube.
class Points {
 public:
  Points(Spread spread, std::uint64_t seed) : spread_(spread), random_(seed) {
    for (double& coordinate : place_) coordinate = uniform();
  }

  const std::array<double, 3>& next() {
    constexpr double root = 1.2207440846057596;
    double step = 1;
    for (double& coordinate : place_) {
      step /= root;
      coordinate = spread_ == Spread::random ? uniform() : std::fmod(coordinate + step, 1.0);
    }
    return place_;
  }

 private:
  double uniform() { return static_cast<double>(random_() >> 11) * 0x1p-53; }

  Spread spread_;
  std::mt19937_64 random_;
  std::array<double, 3> place_{};
};

}  // namespace

std::vector<Shape> draw_shapes(const ShapeRanges& ranges, std::size_t count, Spread spread,
                               std::uint64_t seed) {
  constexpr std::size_t tries_per_shape = 1000;
  Points points(spread, seed);
  std::set<Shape> shapes;
  for (std::size_t tries = 0; shapes.size() < count; ++tries) {
    if (tries > tries_per_shape * (count + 1)) {
      throw std::invalid_argument(fmt::format(
          "the ranges hold only about {} different shapes; expected {}", shapes.size(), count));
    }
    const std::array<double, 3>& at = points.next();
    const Shape shape{log_uniform(ranges.least.m, ranges.most.m, at[0]),
                      log_uniform(ranges.least.n, ranges.most.n, at[1]),
                      log_uniform(ranges.least.k, ranges.most.k, at[2])};
    const bool inside = work(shape) >= ranges.least_work && work(shape) <= ranges.most_work;
    if (inside) shapes.insert(shape);
  }
  std::vector<Shape> sorted(shapes.begin(), shapes.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Shape& a, const Shape& b) { return work(a) < work(b); });
  return sorted;
}

}  // namespace crossover::harness
