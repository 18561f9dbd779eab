#include "harness/worker/machine.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <fstream>
#include <map>
#include <sys/utsname.h>

#include "harness/worker/cpu_time.h"

namespace crossover::harness {
namespace {

/// The first value of "key : value" or "key: value" in a file such as /proc/cpuinfo.
std::optional<std::string> field(const std::string& path, const std::string& key) {
  std::ifstream file(path);
  std::string line;
  while (std::getline(file, line)) {
    if (!line.starts_with(key)) continue;
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    if (line.find_first_not_of(" \t", key.size()) != colon) continue;  // "model" in "model name"
    const std::size_t start = line.find_first_not_of(" \t", colon + 1);
    return start == std::string::npos ? std::string() : line.substr(start);
  }
  return std::nullopt;
}

/// "32K", "1M", "1234 kB": bytes; 0 where the text holds no number.
double bytes_from(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return 0;
  const std::string unit(end, text.data() + text.size());
  if (unit.find_first_of("kK") != std::string::npos) return value * 1024;
  if (unit.find('M') != std::string::npos) return value * 1024 * 1024;
  return value;
}

/// Numbers in a list like "0-3,8".
std::vector<int> cpu_list(const std::string& text) {
  std::vector<int> cpus;
  const char* at = text.data();
  const char* const end = text.data() + text.size();
  while (at < end) {
    int first = 0;
    auto [next, error] = std::from_chars(at, end, first);
    if (error != std::errc{}) break;
    int last = first;
    if (next < end && *next == '-') next = std::from_chars(next + 1, end, last).ptr;
    for (int cpu = first; cpu <= last; ++cpu) cpus.push_back(cpu);
    at = next + 1;
  }
  return cpus;
}

std::vector<Cache> read_caches() {
  std::vector<Cache> caches;
  for (int index = 0; index < 10; ++index) {
    const std::string path = fmt::format("/sys/devices/system/cpu/cpu0/cache/index{}/", index);
    const auto level = first_line(path + "level");
    if (!level) break;
    Cache cache;
    cache.level = static_cast<int>(bytes_from(*level));
    cache.type = first_line(path + "type").value_or("");
    cache.bytes = static_cast<std::int64_t>(bytes_from(first_line(path + "size").value_or("")));
    cache.shared_by = std::max<int>(
        1, static_cast<int>(cpu_list(first_line(path + "shared_cpu_list").value_or("0")).size()));
    caches.push_back(cache);
  }
  return caches;
}

std::optional<std::string> read_cpu_model() {
  const std::string file = "/proc/cpuinfo";
  const auto family = field(file, "cpu family");
  const auto model = field(file, "model");
  if (family && model) return fmt::format("family {} model {}", *family, *model);
  const auto implementer = field(file, "CPU implementer");
  const auto part = field(file, "CPU part");
  if (implementer && part) return fmt::format("implementer {} part {}", *implementer, *part);
  return std::nullopt;
}

std::vector<std::vector<int>> allowed_siblings() {
  std::map<std::string, std::vector<int>> cores;
  for (const int cpu : allowed_cpus()) {
    const std::string path =
        fmt::format("/sys/devices/system/cpu/cpu{}/topology/thread_siblings_list", cpu);
    cores[first_line(path).value_or(std::to_string(cpu))].push_back(cpu);
  }
  std::vector<std::vector<int>> result;
  for (auto& [name, cpus] : cores) result.push_back(std::move(cpus));
  return result;
}

}  // namespace

std::optional<std::string> first_line(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  return line;
}

std::string Machine::name() const {
  return fmt::format("{}{} ({} CPU{})", cpu, cpu_model ? ", " + *cpu_model : "", cores,
                     cores == 1 ? "" : "s");
}

std::vector<int> placement_order(std::vector<std::vector<int>> siblings) {
  std::sort(siblings.begin(), siblings.end());
  if (!siblings.empty()) std::rotate(siblings.begin(), siblings.begin() + 1, siblings.end());
  std::vector<int> order;
  for (std::size_t depth = 0;; ++depth) {
    const std::size_t before = order.size();
    for (const std::vector<int>& core : siblings) {
      if (depth < core.size()) order.push_back(core[depth]);
    }
    if (order.size() == before) return order;
  }
}

Machine read_machine() {
  Machine machine;
  machine.cpu = field("/proc/cpuinfo", "model name").value_or("unknown CPU");
  machine.cpu_model = read_cpu_model();
  const std::vector<std::vector<int>> siblings = allowed_siblings();
  machine.cpus = placement_order(siblings);
  machine.physical_cores = static_cast<int>(siblings.size());
  machine.cores = static_cast<int>(machine.cpus.size());
  if (const auto smt = first_line("/sys/devices/system/cpu/smt/active")) machine.smt = *smt == "1";
  machine.caches = read_caches();
  machine.memory_bytes = bytes_from(field("/proc/meminfo", "MemTotal").value_or(""));
  machine.available_bytes = bytes_from(field("/proc/meminfo", "MemAvailable").value_or(""));
  machine.governor = first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
  const std::string flags = field("/proc/cpuinfo", "flags").value_or("");
  if (flags.find(" hypervisor") != std::string::npos) {
    machine.hypervisor =
        first_line("/sys/class/dmi/id/sys_vendor").value_or("yes, of unknown kind");
  }
  utsname system{};
  uname(&system);
  machine.kernel = fmt::format("{} {}", system.sysname, system.release);
  machine.hostname = system.nodename;
  return machine;
}

}  // namespace crossover::harness
