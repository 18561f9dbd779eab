#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "experiments/command.h"

namespace crossover::experiments {

/// What a command line says, apart: for the command's own parser, and for the config.
struct SplitArguments {
  Arguments own;
  std::vector<std::pair<std::string, std::string>> overrides;
};

/// "--size 64" and "--size=64" for every key that is not one of the command's own options; what is
/// left goes to the option parser. Throws UsageError for a key without a value.
SplitArguments split_overrides(const Arguments& arguments,
                               const std::set<std::string>& own_options);

/// The config as a path, or by the name of an experiment that ships with the program.
std::string find_config(const std::string& name);

/// The path from the project's folder where the file lies in it, else the path as it is: a stored
/// run should not depend on where somebody keeps the sources.
std::string name_in_project(const std::string& path);

}  // namespace crossover::experiments
