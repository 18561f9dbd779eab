#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <fmt/format.h>
#include <fstream>
#include <linux/perf_event.h>
#include <map>
#include <sstream>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>

#include "harness/worker/machine.h"
#include "harness/worker/machine_health.h"

namespace crossover::harness {
namespace {

namespace fs = std::filesystem;

/// The word in brackets of "always [madvise] never".
std::optional<std::string> chosen_word(const std::optional<std::string>& line) {
  if (!line) return std::nullopt;
  const std::size_t open = line->find('[');
  const std::size_t close = line->find(']');
  if (open == std::string::npos || close == std::string::npos || close < open) return std::nullopt;
  return line->substr(open + 1, close - open - 1);
}

/// "max 100000" or "150000 100000": quota and period in microseconds.
std::optional<double> quota_from(const std::optional<std::string>& line) {
  if (!line) return std::nullopt;
  std::istringstream words(*line);
  double quota = 0;
  double period = 0;
  if (!(words >> quota >> period) || period <= 0) return std::nullopt;
  return quota / period;
}

/// Bytes of swap that are in use.
double swap_used(const fs::path& meminfo) {
  std::ifstream file(meminfo);
  std::map<std::string, double> kib;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string name;
    double value = 0;
    if (words >> name >> value) kib[name] = value;
  }
  return 1024 * (kib["SwapTotal:"] - kib["SwapFree:"]);
}

struct ProcessTicks {
  std::string name;
  double ticks = 0;  // user and system
};

/// "pid (name, which may hold blanks) state ...": the 14th and 15th fields are its CPU time.
std::optional<ProcessTicks> ticks_from(const std::string& stat) {
  const std::size_t open = stat.find('(');
  const std::size_t close = stat.rfind(')');
  if (open == std::string::npos || close == std::string::npos) return std::nullopt;
  std::istringstream words(stat.substr(close + 1));
  std::string skipped;
  constexpr int between = 11;  // from the state to the fault counts
  for (int i = 0; i < between; ++i) words >> skipped;
  double user = 0;
  double system = 0;
  if (!(words >> user >> system)) return std::nullopt;
  return ProcessTicks{stat.substr(open + 1, close - open - 1), user + system};
}

std::map<pid_t, ProcessTicks> all_ticks(const fs::path& proc) {
  std::map<pid_t, ProcessTicks> processes;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(proc, none)) {
    const std::string name = entry.path().filename().string();
    pid_t id = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), id);
    if (error != std::errc{} || end != name.data() + name.size()) continue;
    const auto stat = first_line(entry.path() / "stat");
    if (!stat) continue;
    if (const auto ticks = ticks_from(*stat)) processes[id] = *ticks;
  }
  return processes;
}

std::vector<BusyProcess> busy_processes(double seconds, const fs::path& proc) {
  const auto before = all_ticks(proc);
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  const auto after = all_ticks(proc);
  const double ticks_per_second = static_cast<double>(sysconf(_SC_CLK_TCK));
  constexpr double noticeable = 0.05;  // of a CPU
  std::vector<BusyProcess> busy;
  for (const auto& [id, now] : after) {
    const auto then = before.find(id);
    if (then == before.end() || id == getpid()) continue;
    const double cpus = (now.ticks - then->second.ticks) / ticks_per_second / seconds;
    if (cpus >= noticeable) busy.push_back({id, now.name, cpus});
  }
  std::sort(busy.begin(), busy.end(), [](const auto& a, const auto& b) { return a.cpus > b.cpus; });
  return busy;
}

/// Opens a counter of instructions of this process, the least that anybody may ask for.
std::optional<std::string> why_no_counters(const fs::path& paranoid) {
  perf_event_attr attributes{};
  attributes.size = sizeof attributes;
  attributes.type = PERF_TYPE_HARDWARE;
  attributes.config = PERF_COUNT_HW_INSTRUCTIONS;
  attributes.exclude_kernel = 1;
  attributes.exclude_hv = 1;
  const long file = syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0UL);
  if (file >= 0) {
    close(static_cast<int>(file));
    return std::nullopt;
  }
  const int error = errno;
  if (error == EACCES || error == EPERM) {
    return fmt::format("not permitted (perf_event_paranoid is {})",
                       first_line(paranoid).value_or("not known"));
  }
  if (error == ENOENT || error == EOPNOTSUPP || error == ENODEV) {
    return "this CPU shows none here";
  }
  return std::strerror(error);
}

}  // namespace

MachineState read_machine_state(double seconds, const fs::path& root) {
  const Machine machine = read_machine();
  const fs::path proc = root / "proc";
  const fs::path sys = root / "sys";
  MachineState state;
  state.cpus = machine.cores;
  state.cores = machine.physical_cores;
  state.hypervisor = machine.hypervisor;
  state.cpu_quota = quota_from(first_line(sys / "fs/cgroup/cpu.max"));
  state.governor = first_line(sys / "devices/system/cpu/cpu0/cpufreq/scaling_governor");
  state.huge_pages = chosen_word(first_line(sys / "kernel/mm/transparent_hugepage/enabled"));
  state.no_counters = why_no_counters(proc / "sys/kernel/perf_event_paranoid");
  if (const auto line = first_line(proc / "loadavg")) {
    double load = 0;
    if (std::istringstream(*line) >> load) state.load_average = load;
  }
  state.busy = busy_processes(seconds, proc);
  state.swap_used_bytes = swap_used(proc / "meminfo");
  return state;
}

}  // namespace crossover::harness
