#include "harness/run/narrowing.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

namespace crossover::harness {

std::vector<std::size_t> needed_sizes(std::span<const std::int64_t> axis_values,
                                      const CrossoverPrediction& prediction) {
  std::vector<std::size_t> all(axis_values.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  if (!prediction.value || !prediction.band || all.empty()) return all;
  std::set<std::size_t> needed{all.front(), all.back()};
  std::size_t nearest = 0;
  const auto distance = [&](std::size_t i) {
    return std::abs(std::log(static_cast<double>(axis_values[i]) / *prediction.value));
  };
  for (const std::size_t i : all) {
    const double size = static_cast<double>(axis_values[i]);
    const bool last_below =
        size < prediction.band->low &&
        (i + 1 == all.size() || static_cast<double>(axis_values[i + 1]) >= prediction.band->low);
    const bool first_above =
        size > prediction.band->high &&
        (i == 0 || static_cast<double>(axis_values[i - 1]) <= prediction.band->high);
    if (last_below || first_above) needed.insert(i);
    if (distance(i) < distance(nearest)) nearest = i;
  }
  needed.insert(nearest);
  return {needed.begin(), needed.end()};
}

}  // namespace crossover::harness
