#pragma once

#include <cmath>
#include <random>

#include "harness/policy/drawn_shapes.h"
#include "harness/policy/measured_shapes.h"

namespace crossover::harness::test {

/// A machine whose times are known: rows and columns have a cost of their own beside the work, and
/// a team of t costs its regions.
struct PolicyWorld {
  double region_seconds = 1e-6;
  double per_thread_seconds = 0.3e-6;
  double noise = 0;       // standard deviation of ln T, per launch and count
  double jaggedness = 0;  // of ln T, of single shapes and counts

  double seconds(const Shape& shape, int threads) const {
    const double m = static_cast<double>(shape.m);
    const double n = static_cast<double>(shape.n);
    const double k = static_cast<double>(shape.k);
    const double serial = 2e-11 * (m * n * k + 8 * (m + n / 4) * k) + 3e-8;
    if (threads == 1) return serial;
    const double split = std::min(static_cast<double>(threads), std::ceil(n / 16) * m);
    return serial / split + region_seconds + per_thread_seconds * threads;
  }

  MeasuredShapes measure(const std::vector<Shape>& shapes, const std::vector<int>& threads,
                         std::size_t launches, std::uint64_t seed) const {
    std::mt19937_64 random(seed);
    std::normal_distribution<double> normal;
    MeasuredShapes measured;
    measured.machine = "Fake (8 CPUs)";
    measured.cpu = "Fake";
    measured.cores = threads.back();
    measured.condition = {{"layout", "ab"}, {"waiting", "active"}};
    measured.threads = threads;
    for (const Shape& shape : shapes) {
      MeasuredShape one{shape, {}};
      for (const int count : threads) {
        const double own = seconds(shape, count) * std::exp(jaggedness * normal(random));
        one.seconds.emplace_back();
        for (std::size_t launch = 0; launch < launches; ++launch) {
          one.seconds.back().push_back(own * std::exp(noise * normal(random)));
        }
      }
      measured.shapes.push_back(std::move(one));
    }
    return measured;
  }

  /// The fastest of these counts.
  int best(const Shape& shape, const std::vector<int>& threads) const {
    int fastest = threads.front();
    for (const int count : threads) {
      if (seconds(shape, count) < seconds(shape, fastest)) fastest = count;
    }
    return fastest;
  }
};

inline std::vector<Shape> training_shapes(std::size_t count = 500) {
  ShapeRanges ranges;
  ranges.least_work = 4096;
  ranges.most_work = 8388608;
  return draw_shapes(ranges, count, Spread::even, 1);
}

inline std::vector<Shape> held_out(std::size_t count = 200) {
  ShapeRanges ranges;
  ranges.most_work = 268435456;
  return draw_shapes(ranges, count, Spread::random, 7);
}

}  // namespace crossover::harness::test
