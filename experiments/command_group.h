#pragma once

#include <span>

#include "experiments/command.h"

namespace crossover::experiments {

/// A command whose first argument says what it does, such as `policy fit`.
struct CommandGroup {
  const char* name;
  const char* about;    // one sentence or more, a line each
  const char* example;  // a whole command line
  std::span<const Command> actions;
};

/// Runs the action that the first argument names with the others, or prints the help. Throws
/// UsageError where there is no such action.
int run_action(const CommandGroup& group, const Arguments& arguments);

}  // namespace crossover::experiments
