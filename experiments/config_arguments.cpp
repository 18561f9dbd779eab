#include "experiments/config_arguments.h"

#include <filesystem>
#include <fmt/format.h>

#include "build_info.h"

namespace crossover::experiments {

SplitArguments split_overrides(const Arguments& arguments,
                               const std::set<std::string>& own_options) {
  SplitArguments split;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    const std::size_t equals = argument.find('=');
    const std::string key = argument.starts_with("--") ? argument.substr(2, equals - 2) : "";
    if (key.empty() || own_options.contains(key)) {
      split.own.push_back(argument);
    } else if (equals != std::string::npos) {
      split.overrides.emplace_back(key, argument.substr(equals + 1));
    } else if (i + 1 < arguments.size() && !arguments[i + 1].starts_with("--")) {
      split.overrides.emplace_back(key, arguments[++i]);
    } else {
      throw UsageError(fmt::format("--{} needs a value, as in --{} VALUE", key, key));
    }
  }
  return split;
}

std::string find_config(const std::string& name) {
  if (std::filesystem::is_regular_file(name)) return name;
  const std::filesystem::path shipped = std::filesystem::path(source_root) / "experiments";
  for (const std::string& candidate : {name, name + ".cfg"}) {
    if (std::filesystem::is_regular_file(shipped / candidate))
      return (shipped / candidate).string();
  }
  return name;
}

std::string name_in_project(const std::string& path) {
  const std::filesystem::path relative =
      std::filesystem::relative(std::filesystem::absolute(path), source_root);
  return relative.empty() || *relative.begin() == ".." ? path : relative.string();
}

}  // namespace crossover::experiments
