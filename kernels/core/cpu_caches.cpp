#include "kernels/core/cpu_caches.h"

#include <array>
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

}  // namespace

const CpuCaches& cpu_caches() {
  static const CpuCaches caches = {
      cache_size(1, _SC_LEVEL1_DCACHE_SIZE, 32 * kib),
      cache_size(2, _SC_LEVEL2_CACHE_SIZE, 512 * kib),
      cache_size(3, _SC_LEVEL3_CACHE_SIZE, 8 * kib * kib),
  };
  return caches;
}

}  // namespace crossover::kernels
