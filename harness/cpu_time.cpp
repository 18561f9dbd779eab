#include "harness/cpu_time.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>
#include <fcntl.h>
#include <sched.h>
#include <string_view>
#include <unistd.h>

namespace crossover::harness {
namespace {

/// The first part of /proc/stat, up to the lines of the CPUs; read without allocating, since it is
/// read before and after every sample.
std::string_view proc_stat(std::array<char, 32768>& buffer) {
  const int file = open("/proc/stat", O_RDONLY | O_CLOEXEC);
  if (file < 0) return {};
  const ssize_t count = read(file, buffer.data(), buffer.size());
  close(file);
  return count <= 0 ? std::string_view{} : std::string_view(buffer.data(), count);
}

/// Reads the number at the front of the text and drops it.
std::optional<double> take_number(std::string_view& text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  unsigned long long value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return static_cast<double>(value);
}

/// Adds one line "cpu3 user nice system idle iowait irq softirq steal ..." when that CPU counts.
void add_line(std::string_view line, const std::vector<int>& cpus, double tick, CpuTimes& times) {
  line.remove_prefix(3);
  const auto cpu = line.starts_with(' ') ? std::nullopt : take_number(line);
  if (!cpu || !std::binary_search(cpus.begin(), cpus.end(), static_cast<int>(*cpu))) return;
  std::array<double, 8> fields{};
  for (double& field : fields) field = take_number(line).value_or(0);
  const auto [user, nice, system, idle, iowait, irq, softirq, steal] = fields;
  times.busy_seconds += tick * (user + nice + system + irq + softirq);
  times.steal_seconds += tick * steal;
}

}  // namespace

std::vector<int> allowed_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<int> cpus;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return {0};
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
  }
  return cpus;
}

std::optional<CpuTimes> cpu_times_of_allowed_cpus() {
  static const std::vector<int> cpus = allowed_cpus();
  static const double tick = 1.0 / static_cast<double>(sysconf(_SC_CLK_TCK));
  std::array<char, 32768> buffer;
  std::string_view text = proc_stat(buffer);
  if (text.empty()) return std::nullopt;
  CpuTimes times;
  while (text.starts_with("cpu")) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    add_line(text.substr(0, end), cpus, tick, times);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return times;
}

std::optional<double> process_cpu_seconds(pid_t process) {
  clockid_t clock{};
  timespec now{};
  if (clock_getcpuclockid(process, &clock) != 0 || clock_gettime(clock, &now) != 0) {
    return std::nullopt;
  }
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

}  // namespace crossover::harness
