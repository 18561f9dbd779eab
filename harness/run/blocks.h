#pragma once

#include <cstddef>
#include <random>
#include <vector>

namespace crossover::harness {

/// The order in which the arms of one problem take their turns in one launch: `count` blocks, each
/// a palindrome over all arms (every arm once on the way out and once on the way back), so that
/// linear drift cancels in every pair. Blocks come in mirrored couples (two arms: ABBA and BAAB
/// equally often) in random order; with an odd count one block has no mirror image.
std::vector<std::vector<std::size_t>> balanced_blocks(const std::vector<std::size_t>& arms,
                                                      int count, std::mt19937_64& random);

}  // namespace crossover::harness
