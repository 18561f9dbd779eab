#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace crossover::model {

/// A stream of random numbers of its own for each row of each tensor, so that values do not depend
/// on the order in which rows are made.
std::uint64_t random_stream(std::uint64_t seed, std::string_view tensor, std::uint64_t row);

/// values[i] = mean + deviation * z_i, z_i the sum of four uniform numbers scaled to variance 1:
/// normal enough for weights, and never beyond 3.5 deviations.
void fill_random(std::span<float> values, std::uint64_t stream, float mean, float deviation);

}  // namespace crossover::model
