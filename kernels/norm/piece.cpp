#include "kernels/norm/piece.h"

#include <cmath>

namespace crossover::kernels::norm {

Moments moments_around(Index count, float center, float deviations, float squares) {
  if (count == 0) return {};
  const auto n = static_cast<double>(count);
  const double correction = deviations / n;
  return {n, center + correction, squares - deviations * correction};
}

Line line_of(const Moments& moments, float epsilon) {
  const double scale =
      1 / std::sqrt(moments.squares / moments.count + static_cast<double>(epsilon));
  const auto center = static_cast<float>(moments.mean);
  return {center, static_cast<float>(scale), static_cast<float>((center - moments.mean) * scale)};
}

}  // namespace crossover::kernels::norm
