#pragma once

#include <optional>
#include <sys/types.h>
#include <vector>

namespace crossover::harness {

/// Sums over a set of CPUs since boot, in seconds; the kernel counts in ticks of usually 10 ms.
struct CpuTimes {
  double busy_seconds = 0;   // user, nice, system, irq, softirq
  double steal_seconds = 0;  // wanted to run, but the hypervisor ran somebody else
};

/// CPUs that this process may run on, ascending.
std::vector<int> allowed_cpus();

/// From /proc/stat; nullopt where that cannot be read.
std::optional<CpuTimes> cpu_times_of_allowed_cpus();

/// CPU time of all threads of a process in seconds, with nanosecond resolution; nullopt when it has
/// ended.
std::optional<double> process_cpu_seconds(pid_t process);

}  // namespace crossover::harness
