#include "harness/worker/machine_health.h"

#include <algorithm>
#include <fmt/format.h>

namespace crossover::harness {
namespace {

using Warnings = std::vector<HealthWarning>;

/// Two threads on two cores reach nearly twice the FMA rate of one; on one core, once.
void warn_of_shared_cores(const SeenWhileMeasuring& seen, Warnings& warnings) {
  constexpr double well_below_two = 1.5;
  const auto low = std::count_if(seen.two_thread_speedups.begin(), seen.two_thread_speedups.end(),
                                 [](double speedup) { return speedup < well_below_two; });
  if (low == 0) return;
  const double lowest =
      *std::min_element(seen.two_thread_speedups.begin(), seen.two_thread_speedups.end());
  warnings.push_back(
      {fmt::format("in {} of {} launches two threads together did less than {} times the "
                   "multiply-adds of one, {:.2f} times at worst: they had less than two cores",
                   low, seen.two_thread_speedups.size(), well_below_two, lowest),
       "stop what else runs here; on a virtual machine ask for cores of its own, or measure when "
       "its host is quieter. Such launches widen intervals and are not set aside"});
}

void warn_of_steal(const MachineState& state, const SeenWhileMeasuring& seen, Warnings& warnings) {
  constexpr double noticeable = 0.001;  // of the measured time
  if (seen.steal_seconds <= noticeable * seen.measured_seconds) return;
  warnings.push_back(
      {fmt::format("the hypervisor{} took {:.2f} s of CPU time during {:.0f} s of measuring",
                   state.hypervisor ? " (" + *state.hypervisor + ")" : "", seen.steal_seconds,
                   seen.measured_seconds),
       "measure when the host is quieter, or on dedicated cores; disturbed blocks are set aside "
       "and counted"});
}

void warn_of_others(const MachineState& state, Warnings& warnings) {
  double cpus = 0;
  std::string names;
  constexpr std::size_t most_names = 3;
  for (std::size_t i = 0; i < state.busy.size(); ++i) {
    cpus += state.busy[i].cpus;
    if (i < most_names) {
      names +=
          fmt::format("{}{} ({})", names.empty() ? "" : ", ", state.busy[i].name, state.busy[i].id);
    }
  }
  if (!state.busy.empty()) {
    warnings.push_back(
        {fmt::format("other processes kept {:.1f} of {} CPUs busy: {}{}", cpus, state.cpus, names,
                     state.busy.size() > most_names ? ", ..." : ""),
         "stop them, or let them run on other CPUs: taskset -c"});
  } else if (state.load_average.value_or(0) > 0.5) {
    warnings.push_back(
        {fmt::format("the load average of the last minute is {:.2f}", *state.load_average),
         "see in top what comes and goes, and stop it"});
  }
}

void warn_of_cpus(const MachineState& state, Warnings& warnings) {
  if (state.cpus > state.cores) {
    warnings.push_back(
        {fmt::format("the {} CPUs are hardware threads of {} cores: `cores` in a config means CPUs",
                     state.cpus, state.cores),
         fmt::format("threads = {} uses each core once (arms occupy them in that order), or switch "
                     "SMT off: echo off | sudo tee /sys/devices/system/cpu/smt/control",
                     state.cores)});
  }
  if (state.cpu_quota && *state.cpu_quota < state.cpus) {
    warnings.push_back(
        {fmt::format("the control group grants {:.2g} CPUs, but {} can be used: more threads than "
                     "that are stopped again and again",
                     *state.cpu_quota, state.cpus),
         "raise the quota (docker --cpus, cpu.max), or give whole CPUs instead (--cpuset-cpus)"});
  }
  if (state.governor && *state.governor != "performance") {
    warnings.push_back(
        {fmt::format("the frequency governor is {}: clocks rise and fall with the load",
                     *state.governor),
         "sudo cpupower frequency-set -g performance"});
  }
}

void warn_of_memory(const MachineState& state, Warnings& warnings) {
  if (state.swap_used_bytes > 0) {
    constexpr double mib = 1024.0 * 1024;
    warnings.push_back({fmt::format("{:.0f} MiB of memory are swapped out: touching them costs "
                                    "milliseconds",
                                    state.swap_used_bytes / mib),
                        "free memory, then sudo swapoff -a"});
  }
  if (state.huge_pages == "always") {
    warnings.push_back(
        {"transparent huge pages are `always`: whether a large buffer gets them changes from "
         "launch to launch",
         "echo madvise | sudo tee /sys/kernel/mm/transparent_hugepage/enabled"});
  }
}

void warn_of_counters(const MachineState& state, Warnings& warnings) {
  if (!state.no_counters) return;
  const bool permission = state.no_counters->starts_with("not permitted");
  warnings.push_back(
      {fmt::format("hardware counters cannot be read: {}", *state.no_counters),
       permission ? "sudo sysctl kernel.perf_event_paranoid=2"
                  : "measure on the bare machine, or have the hypervisor pass its counters on; "
                    "times do not need them"});
}

}  // namespace

std::vector<HealthWarning> health_warnings(const MachineState& state,
                                           const SeenWhileMeasuring& seen) {
  Warnings warnings;
  warn_of_shared_cores(seen, warnings);
  warn_of_steal(state, seen, warnings);
  warn_of_others(state, warnings);
  warn_of_cpus(state, warnings);
  warn_of_memory(state, warnings);
  warn_of_counters(state, warnings);
  return warnings;
}

}  // namespace crossover::harness
