#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "harness/results/prediction.h"

namespace crossover::harness {

/// Which sizes of a curve (indices, ascending) are worth measuring where a crossover is predicted:
/// both ends of the range, the nearest sizes outside the predicted band, and the one nearest to the
/// prediction; at most five. All of them where nothing is predicted.
std::vector<std::size_t> needed_sizes(std::span<const std::int64_t> axis_values,
                                      const CrossoverPrediction& prediction);

}  // namespace crossover::harness
