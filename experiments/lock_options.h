#pragma once

#include <memory>

#include "experiments/command.h"
#include "harness/run/machine_lock.h"

namespace crossover::experiments {

/// What a command does where another run measures on this machine.
enum class WhenBusy { refuse, wait, ignore };

/// Adds --wait and --no-lock, which every command that measures knows.
void add_lock_options(Options& options);

/// What those options say. Throws UsageError where both are given.
WhenBusy when_busy(const Options& options);

/// The lock of the machine, held as long as the result lives; null with WhenBusy::ignore. Says once
/// on standard error that it waits. `command_line` is what others are told. Call after
/// harness::catch_interrupts(), so that Ctrl-C ends the wait.
/// Errors: MachineBusy, Interrupted, StorageError.
std::unique_ptr<harness::MachineLock> lock_machine(WhenBusy when_busy,
                                                   const Arguments& command_line);

}  // namespace crossover::experiments
