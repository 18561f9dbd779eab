#pragma once

#include <cstddef>

namespace crossover::kernels {

/// Data cache sizes in bytes; level 1 and 2 of one core, level 3 as the cores of it share it.
struct CpuCaches {
  std::size_t level1 = 0;
  std::size_t level2 = 0;
  std::size_t level3 = 0;
};

/// The caches of the first CPU, read once; a level that the system does not tell gets a size that
/// is right or too small on current server cores.
const CpuCaches& cpu_caches();

}  // namespace crossover::kernels
