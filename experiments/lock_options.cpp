#include "experiments/lock_options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <iostream>

namespace crossover::experiments {

void add_lock_options(Options& options) {
  options.add()("wait", "wait where another run measures on this machine")(
      "no-lock", "measure even though another run may, which spoils both");
}

WhenBusy when_busy(const Options& options) {
  if (options.has("wait") && options.has("no-lock")) {
    throw UsageError("--wait and --no-lock contradict each other; expected one of them");
  }
  if (options.has("no-lock")) return WhenBusy::ignore;
  return options.has("wait") ? WhenBusy::wait : WhenBusy::refuse;
}

std::unique_ptr<harness::MachineLock> lock_machine(WhenBusy when_busy,
                                                   const Arguments& command_line) {
  if (when_busy == WhenBusy::ignore) return nullptr;
  return std::make_unique<harness::MachineLock>(harness::MachineLock::Request{
      harness::lock_file(), fmt::format("{}", fmt::join(command_line, " ")),
      when_busy == WhenBusy::wait,
      [](const std::string& holder) { std::cerr << "crossover: waiting for " << holder << "\n"; }});
}

}  // namespace crossover::experiments
