#pragma once

#include <string>

#include "harness/json.h"

namespace crossover::harness {

/// The outcome of one crossover (an element of summary.json's "crossovers") as a sentence:
/// "simd_parallel[threads=2] overtakes simd between size 48 and 64".
std::string outcome_sentence(const Json& crossover);

/// The A/A ratio of a summary with its interval, and a warning where the interval excludes 1.
std::string noise_sentence(const Json& noise_floor);

/// The measured ceilings: "FMA peak measured in this run: 115.9 GFLOP/s on 1 thread, ...".
std::string ceilings_sentence(const Json& ceilings);

}  // namespace crossover::harness
