#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "harness/results/comparison.h"

namespace crossover::harness {

/// Variants by name.
using Group = std::vector<std::string>;

/// The fastest arm of one group of variants against the fastest of another, at every problem: one
/// comparison for each number of threads that an arm may use at most, `before` being theirs. Arms
/// are grouped by section and by their settings apart from threads; a problem that one group did
/// not measure is left out, which a note counts. The fastest is the one with the smallest median
/// over all launches, and its pair is then compared as any other, on the same launches: with many
/// nearly equal arms in a group its best is a little too good. Throws StorageError as read_run(),
/// and std::invalid_argument where a name is in no section.
std::vector<Comparison> compare_best(const std::filesystem::path& run, const Group& ours,
                                     const Group& theirs);

}  // namespace crossover::harness
