#pragma once

#include <filesystem>
#include <string>

namespace crossover::experiments {

/// The path as a run directory. Throws UsageError where it is none, and names the runs below it
/// where it has some.
std::filesystem::path run_directory(const std::string& path);

}  // namespace crossover::experiments
