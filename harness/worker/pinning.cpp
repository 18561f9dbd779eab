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

cpu_set_t set_of(const std::vector<int>& cpus) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const int cpu : cpus) CPU_SET(cpu, &set);
  return set;
}

}  // namespace

void pin_threads(const std::vector<int>& cpus) {
  if (cpus.empty()) return;
  std::size_t next = 0;
  for (const pid_t thread : threads()) {
    const cpu_set_t one = set_of({cpus[next++ % cpus.size()]});
    // A thread that has ended meanwhile needs no place.
    sched_setaffinity(thread, sizeof one, &one);
  }
}

std::vector<int> spare_cpus(const std::vector<int>& allowed,
                            const std::vector<Placement>& placements) {
  std::vector<int> spare = allowed;
  for (const Placement& placement : placements) {
    if (placement.cpus.empty()) return {};  // runs anywhere
    std::erase_if(spare, [&](int cpu) {
      return std::find(placement.cpus.begin(), placement.cpus.end(), cpu) != placement.cpus.end();
    });
  }
  return spare;
}

OwnAffinity::OwnAffinity(const std::vector<int>& cpus) {
  if (cpus.empty()) return;
  cpu_set_t before;
  const cpu_set_t wanted = set_of(cpus);
  if (sched_getaffinity(0, sizeof before, &before) != 0) return;
  if (sched_setaffinity(0, sizeof wanted, &wanted) == 0) before_ = before;
}

OwnAffinity::~OwnAffinity() {
  if (before_) sched_setaffinity(0, sizeof *before_, &*before_);
}

}  // namespace crossover::harness
