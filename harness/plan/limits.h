#pragma once

#include <cstdint>
#include <string_view>

namespace crossover::harness {

/// The largest extent, and the largest number in a config: below 2^53, so that doubles hold it.
constexpr std::int64_t most_extent = 1'000'000'000'000'000;

constexpr int most_launches = 10'000;
constexpr int most_quartets = 1000;
constexpr int most_sharp_launches = 1000;

/// Whether a section may be called so: letters, digits, _ and -, and not "env", which begins keys.
bool is_section_name(std::string_view text);

}  // namespace crossover::harness
