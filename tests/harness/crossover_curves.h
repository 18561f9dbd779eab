#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/statistics/crossover.h"

namespace crossover::harness {

struct Shape {
  double centre;
  double spread;
};

/// '+' and '-' are certain and beyond the margin, 'p' and 'm' certain but within it, '0' a tie, and
/// '?' far too noisy to say.
inline Shape shape_of(char kind) {
  switch (kind) {
    case '+':
      return {0.10, 1e-3};
    case '-':
      return {-0.10, 1e-3};
    case 'p':
      return {0.01, 1e-4};
    case 'm':
      return {-0.01, 1e-4};
    case '0':
      return {0, 1e-3};
    default:
      return {0.01, 0.3};
  }
}

/// One size per letter, at 10, 20, 30, ...; six launches each.
inline std::vector<CurvePoint> curve(const std::string& kinds) {
  std::vector<CurvePoint> points;
  for (const char kind : kinds) {
    const auto [centre, spread] = shape_of(kind);
    CurvePoint point{static_cast<std::int64_t>(10 * (points.size() + 1)), {}};
    for (int launch = 0; launch < 6; ++launch) {
      point.launch_effects.push_back(centre + (launch % 2 == 0 ? spread : -spread));
    }
    points.push_back(point);
  }
  return points;
}

}  // namespace crossover::harness
