#include "harness/worker/pinning.h"

#include <algorithm>
#include <filesystem>
#include <sched.h>
#include <unistd.h>

namespace crossover::harness {
namespace {

/// Thread ids of this process, the main thread first.
std::vector<pid_t> threads() {
  std::vector<pid_t> ids;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task", none)) {
    ids.push_back(static_cast<pid_t>(std::stol(entry.path().filename().string())));
  }
  std::sort(ids.begin(), ids.end());
  // Ids wrap around, so that the main thread need not have the lowest one.
  const auto main_thread = std::find(ids.begin(), ids.end(), getpid());
  if (main_thread != ids.end()) std::rotate(ids.begin(), main_thread, main_thread + 1);
  return ids;
}

}  // namespace

void pin_threads(const std::vector<int>& cpus) {
  if (cpus.empty()) return;
  std::size_t next = 0;
  for (const pid_t thread : threads()) {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpus[next++ % cpus.size()], &one);
    // A thread that has ended meanwhile needs no place.
    sched_setaffinity(thread, sizeof one, &one);
  }
}

}  // namespace crossover::harness
