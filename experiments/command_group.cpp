#include "experiments/command_group.h"

#include <algorithm>
#include <fmt/format.h>
#include <iostream>

#include "harness/plan/config.h"

namespace crossover::experiments {
namespace {

void print_help(const CommandGroup& group) {
  std::cout << fmt::format("usage: crossover {} ACTION [ARGUMENTS]\n\n{}\n\n", group.name,
                           group.about);
  for (const Command& action : group.actions) {
    std::cout << fmt::format("  {:<8} {}\n", action.name, action.summary);
  }
  std::cout << fmt::format("\ncrossover {} ACTION --help describes an action.\n\nExample:\n  {}\n",
                           group.name, group.example);
}

}  // namespace

int run_action(const CommandGroup& group, const Arguments& arguments) {
  if (arguments.empty() || arguments[0] == "--help" || arguments[0] == "-h") {
    print_help(group);
    return exit_done;
  }
  const auto found =
      std::find_if(group.actions.begin(), group.actions.end(),
                   [&](const Command& action) { return action.name == arguments[0]; });
  if (found == group.actions.end()) {
    std::vector<std::string> names;
    for (const Command& action : group.actions) names.emplace_back(action.name);
    throw UsageError(
        harness::unknown("action", arguments[0], fmt::format(" of {}", group.name), names));
  }
  return found->run({arguments.begin() + 1, arguments.end()});
}

}  // namespace crossover::experiments
