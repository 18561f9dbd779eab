#include <algorithm>

#include "harness/results/tables.h"

namespace crossover::harness {

ProblemColumns::ProblemColumns(const std::vector<Json>& problems) {
  if (problems.empty()) return;
  std::vector<std::pair<std::string, std::vector<std::int64_t>>> groups;
  for (const auto& [name, first] : problems.front().items()) {
    std::vector<std::int64_t> values;
    for (const Json& problem : problems) values.push_back(problem.at(name));
    const auto same = std::find_if(groups.begin(), groups.end(),
                                   [&](const auto& group) { return group.second == values; });
    const bool constant_one =
        std::all_of(values.begin(), values.end(), [](std::int64_t value) { return value == 1; });
    if (constant_one) continue;
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
