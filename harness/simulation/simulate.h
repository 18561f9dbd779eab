#pragma once

#include <cstdint>
#include <vector>

#include "harness/simulation/property.h"
#include "harness/simulation/scenario.h"

namespace crossover::harness {

/// The repetitions of one scenario. Repetition i depends on the seed, the scenario's name and i
/// alone, so that neither `threads` nor other scenarios change it.
/// Errors: std::invalid_argument where threads is not positive.
std::vector<Record> simulate(const Scenario& scenario, std::size_t repetitions, std::uint64_t seed,
                             int threads, const Method& method = {});

}  // namespace crossover::harness
