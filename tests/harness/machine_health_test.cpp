#include "harness/worker/machine_health.h"

#include <csignal>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace crossover::harness {
namespace {

MachineState quiet() {
  MachineState state;
  state.cpus = state.cores = 4;
  state.governor = "performance";
  state.huge_pages = "madvise";
  state.load_average = 0.1;
  return state;
}

/// The one warning there is; empty where there is none or are more.
HealthWarning only_warning(const MachineState& state, const SeenWhileMeasuring& seen = {}) {
  const std::vector<HealthWarning> warnings = health_warnings(state, seen);
  EXPECT_EQ(warnings.size(), 1u);
  return warnings.size() == 1 ? warnings.front() : HealthWarning{};
}

void expect_words(const HealthWarning& warning, const std::string& what,
                  const std::string& remedy) {
  EXPECT_NE(warning.what.find(what), std::string::npos) << warning.what;
  EXPECT_NE(warning.remedy.find(remedy), std::string::npos) << warning.remedy;
}

TEST(MachineHealth, AQuietMachineHasNoWarnings) {
  EXPECT_TRUE(health_warnings(quiet(), {{1.98, 1.95}, 0.0, 60}).empty());
  MachineState unknown;  // the system tells nothing: nothing is claimed
  EXPECT_TRUE(health_warnings(unknown, {}).empty());
}

TEST(MachineHealth, EveryTroubleHasItsRemedy) {
  MachineState state = quiet();
  state.governor = "powersave";
  expect_words(only_warning(state), "powersave", "cpupower");

  state = quiet();
  state.cpus = 8;
  expect_words(only_warning(state), "8 CPUs are hardware threads of 4 cores", "threads = 4");

  state = quiet();
  state.cpu_quota = 1.5;
  expect_words(only_warning(state), "1.5 CPUs", "quota");

  state = quiet();
  state.huge_pages = "always";
  expect_words(only_warning(state), "huge pages", "madvise");

  state = quiet();
  state.swap_used_bytes = 64.0 * 1024 * 1024;
  expect_words(only_warning(state), "64 MiB", "swapoff");

  state = quiet();
  state.no_counters = "not permitted (perf_event_paranoid is 3)";
  expect_words(only_warning(state), "paranoid is 3", "sysctl");

  state = quiet();
  state.load_average = 2;
  expect_words(only_warning(state), "2.00", "top");
  state.busy = {{17, "make", 1.5}, {18, "cc1plus", 0.9}};
  expect_words(only_warning(state), "2.4 of 4 CPUs busy: make (17), cc1plus (18)", "stop them");
}

TEST(MachineHealth, TwoThreadsOnOneCoreAndStealAreSeenWhileMeasuring) {
  expect_words(only_warning(quiet(), {{1.9, 1.04, 1.98}, 0, 60}), "in 1 of 3 launches", "virtual");
  expect_words(only_warning(quiet(), {{1.9}, 0.8, 60}), "took 0.80 s", "quieter");
}

TEST(MachineHealth, IsReadFromTheSystemsFiles) {
  const std::filesystem::path root =
      std::filesystem::temp_directory_path() / ("machine_health_" + std::to_string(getpid()));
  const auto write = [&](const std::string& path, const std::string& text) {
    std::filesystem::create_directories((root / path).parent_path());
    std::ofstream(root / path) << text;
  };
  write("sys/fs/cgroup/cpu.max", "150000 100000\n");
  write("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "schedutil\n");
  write("sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n");
  write("proc/loadavg", "1.25 0.50 0.25 2/100 4242\n");
  write("proc/meminfo", "MemTotal: 100 kB\nSwapTotal: 2048 kB\nSwapFree: 1024 kB\n");
  write("proc/7/stat", "7 (a (b) c) S 1 7 7 0 -1 0 0 0 0 0 500 100 0 0 20 0 1 0\n");
  write("proc/self/stat", "no process\n");
  const MachineState state = read_machine_state(0.01, root);
  EXPECT_EQ(state.cpu_quota, 1.5);
  EXPECT_EQ(state.governor, "schedutil");
  EXPECT_EQ(state.huge_pages, "madvise");
  EXPECT_EQ(state.load_average, 1.25);
  EXPECT_EQ(state.swap_used_bytes, 1024 * 1024);
  EXPECT_TRUE(state.busy.empty());  // it did nothing in between

  std::filesystem::remove_all(root);
  const MachineState nothing = read_machine_state(0.01, root);
  EXPECT_FALSE(nothing.cpu_quota || nothing.governor || nothing.huge_pages);
  EXPECT_EQ(nothing.swap_used_bytes, 0);
}

TEST(MachineHealth, SeesABusyProcess) {
  const pid_t child = fork();
  if (child == 0) {
    for (volatile unsigned long i = 0;;) i = i + 1;
  }
  const MachineState state = read_machine_state(0.5);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  bool seen = false;
  for (const BusyProcess& process : state.busy) seen |= process.id == child;
  EXPECT_TRUE(seen);
}

}  // namespace
}  // namespace crossover::harness
