#pragma once

#include <cstdint>
#include <vector>

#include "harness/policy/policy.h"

namespace crossover::harness {

/// Inclusive ranges of extents, and of m*n*k.
struct ShapeRanges {
  Shape least{1, 16, 16};
  Shape most{1024, 2048, 2048};
  double least_work = 0;
  double most_work = 1e15;
};

/// How places in the ranges are chosen.
enum class Spread {
  random,  // independent draws: a sample whose mean is that of the distribution
  even,    // a low-discrepancy sequence: fewer gaps and clusters, to fit something to
};

/// `count` different shapes, log-uniform in each extent and rounded, of those whose work lies in
/// the range; ascending in work. The same seed gives the same shapes on every platform. Throws
/// std::invalid_argument where the ranges hold too few.
/// Source of the sequence: Roberts, "The unreasonable effectiveness of quasirandom sequences",
/// 2018; steps of powers of the root of x^4 = x + 1.
std::vector<Shape> draw_shapes(const ShapeRanges& ranges, std::size_t count, Spread spread,
                               std::uint64_t seed);

}  // namespace crossover::harness
