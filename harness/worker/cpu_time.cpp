#include "harness/worker/cpu_time.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <ctime>
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <string_view>
#include <unistd.h>

namespace crossover::harness {
namespace {

/// The first part of a file of /proc; read without allocating, since it is read before and after
/// every sample.
template <std::size_t Size>
std::string_view read_part(int folder, const char* path, std::array<char, Size>& buffer) {
  const int file = openat(folder, path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return {};
  const ssize_t count = read(file, buffer.data(), buffer.size());
  close(file);
  return count <= 0 ? std::string_view{}
                    : std::string_view(buffer.data(), static_cast<std::size_t>(count));
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

/// Ticks of steal in one line "cpu3 user nice system idle iowait irq softirq steal ..."; 0 for CPUs
/// that do not count.
double steal_ticks(std::string_view line, const std::vector<int>& cpus) {
  line.remove_prefix(3);
  const auto cpu = line.starts_with(' ') ? std::nullopt : take_number(line);
  if (!cpu || !std::binary_search(cpus.begin(), cpus.end(), static_cast<int>(*cpu))) return 0;
  constexpr int steal_field = 8;
  double value = 0;
  for (int field = 0; field < steal_field; ++field) value = take_number(line).value_or(0);
  return value;
}

/// Calls use(name) for every thread of this process.
template <class Use>
void for_each_thread(const Use& use) {
  DIR* folder = opendir("/proc/self/task");
  if (folder == nullptr) return;
  while (const dirent* entry = readdir(folder)) {
    if (entry->d_name[0] != '.') use(dirfd(folder), entry->d_name);
  }
  closedir(folder);
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

std::optional<double> steal_seconds(const std::vector<int>& cpus) {
  static const double tick = 1.0 / static_cast<double>(sysconf(_SC_CLK_TCK));
  std::array<char, 32768> buffer;
  std::string_view text = read_part(AT_FDCWD, "/proc/stat", buffer);
  if (text.empty()) return std::nullopt;
  double ticks = 0;
  while (text.starts_with("cpu")) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    ticks += steal_ticks(text.substr(0, end), cpus);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return tick * ticks;
}

std::optional<double> run_delay_seconds() {
  std::optional<double> seconds;
  for_each_thread([&](int folder, const char* thread) {
    std::array<char, 280> path;  // a name of up to 255 characters, as dirent allows
    std::snprintf(path.data(), path.size(), "%s/schedstat", thread);
    std::array<char, 128> buffer;
    std::string_view text = read_part(folder, path.data(), buffer);
    take_number(text);  // time on the CPU
    if (const auto delay = take_number(text)) seconds = seconds.value_or(0) + 1e-9 * *delay;
  });
  return seconds;
}

std::size_t thread_count() {
  std::size_t count = 0;
  for_each_thread([&](int, const char*) { ++count; });
  return count;
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
