#pragma once

#include <string>

namespace crossover::experiments {

/// Another build of this program.
struct OtherBuild {
  std::string path;     // absolute, links resolved: what a link points to may change
  std::string version;  // what --version prints
};

/// Starts the program to see what it is. Throws UsageError where there is no such program or it is
/// no build of this one, std::runtime_error where its workers speak another protocol.
OtherBuild read_build(const std::string& path);

}  // namespace crossover::experiments
