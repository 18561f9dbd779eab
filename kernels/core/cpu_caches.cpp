#include "kernels/core/cpu_caches.h"

#include <algorithm>
#include <fstream>
#include <string>
#include <unistd.h>

namespace crossover::kernels {
namespace {

constexpr std::size_t kib = 1024;
constexpr int max_cache_entries = 8;

// Linux's own table comes first: under a hypervisor sysconf() was seen to report a level 3 cache
// ten times too large, and on aarch64 it reports none.
std::size_t size_from_sysfs(int level) {
  for (int entry = 0; entry < max_cache_entries; ++entry) {
    const std::string directory =
        "/sys/devices/system/cpu/cpu0/cache/index" + std::to_string(entry) + "/";
    int entry_level = 0;
    std::string type;
    std::size_t size = 0;
    char unit = 'K';
    if (!(std::ifstream(directory + "level") >> entry_level)) return 0;
    if (entry_level != level) continue;
    if (!(std::ifstream(directory + "type") >> type) || type == "Instruction") continue;
    if (!(std::ifstream(directory + "size") >> size >> unit)) continue;
    return size * (unit == 'M' ? kib * kib : kib);
  }
  return 0;
}

std::size_t cache_size(int level, int sysconf_name, std::size_t fallback) {
  if (const std::size_t size = size_from_sysfs(level)) return size;
  const long size = sysconf(sysconf_name);
  return size > 0 ? static_cast<std::size_t>(size) : fallback;
}

// Where a hypervisor hides the topology, what is reported may be the sum over a package of many
// level 3 caches (508 MiB were seen), of which a core uses one. No core has a share of more than
// some tens of its level 2 cache.
constexpr std::size_t most_of_level3 = 64;  // times level 2

CpuCaches read_cpu_caches() {
  CpuCaches caches = {
      cache_size(1, _SC_LEVEL1_DCACHE_SIZE, 32 * kib),
      cache_size(2, _SC_LEVEL2_CACHE_SIZE, 512 * kib),
      cache_size(3, _SC_LEVEL3_CACHE_SIZE, 8 * kib * kib),
  };
  caches.level3 = std::min(caches.level3, most_of_level3 * caches.level2);
  return caches;
}

}  // namespace

const CpuCaches& cpu_caches() {
  static const CpuCaches caches = read_cpu_caches();
  return caches;
}

}  // namespace crossover::kernels
