#pragma once

#include <optional>
#include <sys/types.h>
#include <vector>

namespace crossover::harness {

/// CPUs that the calling thread may run on, ascending. Ask before anything pins that thread.
std::vector<int> allowed_cpus();

/// Steal time of these CPUs since boot, summed, in seconds: they wanted to run, but the hypervisor
/// ran somebody else. From /proc/stat, which counts in ticks of usually 10 ms; nullopt where that
/// cannot be read. `cpus` ascending.
std::optional<double> steal_seconds(const std::vector<int>& cpus);

/// How long the threads of this process were ready to run but did not get their CPU, summed, in
/// seconds with nanosecond resolution. From /proc/self/task/*/schedstat; nullopt where the kernel
/// has none.
std::optional<double> run_delay_seconds();

/// Number of threads of this process.
std::size_t thread_count();

/// CPU time of all threads of a process in seconds, with nanosecond resolution; nullopt when it has
/// ended.
std::optional<double> process_cpu_seconds(pid_t process);

}  // namespace crossover::harness
