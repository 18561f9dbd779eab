#pragma once

#include <cstdint>
#include <span>

#include "kernels/core/kernel.h"

namespace crossover::experiments {

/// Fills with numbers uniform in [-1, 1), the same for the same seed however many threads fill;
/// each thread touches first the part that it will most likely compute on.
void fill(std::span<float> values, std::uint64_t seed, const kernels::ParallelPolicy& policy);

/// Fills with -1, -0.5, 0.5 and 1, likewise: numbers so short that sums of up to 7 million products
/// round nowhere in f32, and a reference can tell a wrong term among them (core/sum_check.h).
void fill_coarse(std::span<float> values, std::uint64_t seed,
                 const kernels::ParallelPolicy& policy);

/// The threads that touch a kernel's operands first. A vendor's library brings threads of its own,
/// and an OpenMP team beside them would keep spinning on their cores.
kernels::ParallelPolicy filling_policy(const kernels::Traits& traits,
                                       const kernels::ParallelPolicy& policy);

/// How many sets of operands, of so many bytes each, make every call find its own ones evicted.
int sets_for_cold_cache(double bytes_per_set);

}  // namespace crossover::experiments
