#include <algorithm>

#include "harness/results/tables.h"

namespace crossover::harness {
namespace {

/// What goes without saying where it is so of all problems: batch=1, and tokens=0, which is as many
/// as each text has.
bool goes_without_saying(const std::string& name, std::int64_t value) {
  return value == 1 || (name == "tokens" && value == 0);
}

}  // namespace

ProblemColumns::ProblemColumns(const std::vector<Json>& problems) {
  if (problems.empty()) return;
  std::vector<std::pair<std::string, std::vector<std::int64_t>>> groups;
  for (const auto& [name, first] : problems.front().items()) {
    std::vector<std::int64_t> values;
    for (const Json& problem : problems) values.push_back(problem.at(name));
    const auto same = std::find_if(groups.begin(), groups.end(),
                                   [&](const auto& group) { return group.second == values; });
    const auto is_usual = [&extent = name](std::int64_t value) {
      return goes_without_saying(extent, value);
    };
    const bool usual = std::all_of(values.begin(), values.end(), is_usual);
    if (usual) continue;
    if (same != groups.end()) {
      names[static_cast<std::size_t>(same - groups.begin())] += "=" + name;
      continue;
    }
    groups.emplace_back(name, values);
    names.push_back(name);
    extents.push_back(name);
  }
}

std::vector<std::string> ProblemColumns::values(const Json& problem) const {
  std::vector<std::string> result;
  for (const std::string& extent : extents) result.push_back(problem.at(extent).dump());
  return result;
}

std::vector<Json> of_section(const Json& list, const std::string& section) {
  std::vector<Json> members;
  for (const Json& member : list) {
    if (member.at("section") == section) members.push_back(member);
  }
  return members;
}

}  // namespace crossover::harness
