#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "harness/plan/section_keys.h"

namespace crossover::harness {

/// Beyond these numbers in one section a typo is likelier than the intention.
inline constexpr std::size_t most_cells = 1'000'000;
inline constexpr std::size_t most_arms = 100'000;

/// One key that sets extents together; every choice has a value for each of them.
struct ExtentAxis {
  std::string key;
  Origin origin = Origin::defaults;
  std::vector<std::size_t> extents;  // positions in FamilyInfo::extents
  std::vector<std::vector<std::int64_t>> choices;
};

/// The axes of the section's problems, in the order of the extents. A key of a later origin
/// replaces every other one that sets an extent in common. Throws ConfigError: an extent set twice
/// by one origin, an extent without a value, an illegal value.
std::vector<ExtentAxis> extent_axes(const SectionInput& input);

/// The extents that a key sets, in the order of its numbers; none where it is not about extents.
std::vector<std::string> extents_of(const FamilyInfo& family, const std::string& key);

/// The places of these extents in FamilyInfo::extents, ascending.
std::vector<std::size_t> extent_places(const FamilyInfo& family,
                                       const std::vector<std::string>& names);

}  // namespace crossover::harness
