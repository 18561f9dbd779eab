#include "experiments/operand_fill.h"

#include <algorithm>
#include <cmath>

#include "kernels/core/cpu_caches.h"

namespace crossover::experiments {
namespace {

/// Uniform in [-1, 1), from the place alone, so that any thread can fill any part.
/// Source: SplitMix64's finaliser, Steele, Lea & Flood, OOPSLA 2014.
float noise(std::uint64_t seed, std::uint64_t place) {
  std::uint64_t z = seed * 0x9e3779b97f4a7c15ULL + place * 0xd1342543de82ef95ULL;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  z ^= z >> 31;
  return static_cast<float>(static_cast<double>(z >> 40) * 0x1p-23 - 1.0);
}

/// values[place] = value(place); each thread fills a contiguous part.
template <class Value>
void fill_by_place(std::span<float> values, const kernels::ParallelPolicy& policy,
                   const Value& value) {
  kernels::parallel_region(policy, [&](int thread, int threads) {
    const std::size_t begin = values.size() * static_cast<std::size_t>(thread) / threads;
    const std::size_t end = values.size() * static_cast<std::size_t>(thread + 1) / threads;
    for (std::size_t i = begin; i < end; ++i) values[i] = value(i);
  });
}

}  // namespace

void fill(std::span<float> values, std::uint64_t seed, const kernels::ParallelPolicy& policy) {
  fill_by_place(values, policy, [seed](std::size_t place) { return noise(seed, place); });
}

void fill_coarse(std::span<float> values, std::uint64_t seed,
                 const kernels::ParallelPolicy& policy) {
  fill_by_place(values, policy, [seed](std::size_t place) {
    const float half_steps = std::floor(2 * noise(seed, place));  // -2, -1, 0 or 1
    return (half_steps < 0 ? half_steps : half_steps + 1) / 2;
  });
}

kernels::ParallelPolicy filling_policy(const kernels::Traits& traits,
                                       const kernels::ParallelPolicy& policy) {
  return traits.threading == kernels::Threading::openmp ? policy : kernels::ParallelPolicy{};
}

int sets_for_cold_cache(double bytes_per_set) {
  constexpr double enough = 2;  // times the last-level cache, since replacement is not exactly LRU
  const double cache = static_cast<double>(kernels::cpu_caches().level3);
  return 1 + static_cast<int>(std::ceil(enough * cache / std::max(bytes_per_set, 64.0)));
}

}  // namespace crossover::experiments
