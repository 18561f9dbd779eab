#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace crossover::harness {

/// A process and how many CPUs it kept busy.
struct BusyProcess {
  pid_t id = 0;
  std::string name;
  double cpus = 0;
};

/// What may spoil a measurement, as the system tells it; null where it does not.
struct MachineState {
  int cpus = 1;                     // that this process may use
  int cores = 1;                    // of which they are the hardware threads
  std::optional<double> cpu_quota;  // CPUs that the control group grants; null: no limit
  std::optional<std::string> governor;
  std::optional<std::string> hypervisor;
  std::optional<std::string> huge_pages;   // always, madvise or never
  std::optional<std::string> no_counters;  // why hardware counters cannot be read; null: they can
  std::optional<double> load_average;      // over the last minute
  std::vector<BusyProcess> busy;           // others, busiest first
  double swap_used_bytes = 0;
};

/// Reads the state of this machine below `root`, which is another folder in tests only. Waits for
/// `seconds` to see which processes are busy.
MachineState read_machine_state(double seconds, const std::filesystem::path& root = "/");

/// What was seen of the machine while it was measured.
struct SeenWhileMeasuring {
  std::vector<double> two_thread_speedups;  // FMA rate of two threads over that of one, by launch
  double steal_seconds = 0;
  double measured_seconds = 0;  // during which it was counted
};

/// What is wrong and what to do about it.
struct HealthWarning {
  std::string what;
  std::string remedy;
};

/// The most harmful first.
std::vector<HealthWarning> health_warnings(const MachineState& state,
                                           const SeenWhileMeasuring& seen);

}  // namespace crossover::harness
