#pragma once

#include <string>
#include <vector>

#include "harness/json.h"

namespace crossover::harness {

/// A duration in seconds with its interval, [low, high] or null: "412 ms [405 ms, 420 ms]".
std::string duration_with_interval(double seconds, const Json& ci);

/// The outcome of one crossover (an element of summary.json's "crossovers") as a sentence:
/// "simd_parallel[threads=2] overtakes simd between size 48 and 64, sharper 51.2 to 53.9".
std::string outcome_sentence(const Json& crossover);

/// What else the reader must know of a crossover, one sentence each without its end: what a wrong
/// choice costs near it, why there is no sharp interval, which of several crossings lasts.
std::vector<std::string> crossing_details(const Json& crossover);

/// What a row of summary.json's "costs" says: "first_text: 412 ms [405 ms, 420 ms] fixed and
/// 1.2 ms [1.1 ms, 1.3 ms] per unit of tokens; the line is -4% off at tokens=256", where it is
/// worst.
std::string cost_sentence(const Json& cost);

/// How many of the differences among a section's comparisons stand after the correction for their
/// number; empty where there is nothing to correct.
std::string adjustment_sentence(const std::vector<Json>& comparisons);

/// The A/A ratio of a summary with its interval, and a warning where the interval excludes 1.
std::string noise_sentence(const Json& noise_floor);

/// The measured ceilings: "FMA peak measured in this run: 115.9 GFLOP/s on 1 thread, ...".
std::string ceilings_sentence(const Json& ceilings);

/// The bandwidth that a probe of memory reached, by threads and memory per thread.
std::string bandwidth_sentence(const Json& ceilings, const std::string& probe);

}  // namespace crossover::harness
