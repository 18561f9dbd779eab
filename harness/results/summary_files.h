#pragma once

#include <filesystem>
#include <vector>

#include "harness/json.h"
#include "harness/results/tables.h"

namespace crossover::harness {

/// Writes what is derived from a run into its directory: summary.json, and the tables, which it
/// returns. Throws StorageError.
std::vector<Table> write_summary(const std::filesystem::path& run, const Json& summary);

}  // namespace crossover::harness
