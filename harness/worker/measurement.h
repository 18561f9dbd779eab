#pragma once

#include <benchmark/benchmark.h>
#include <cstdint>
#include <vector>

#include "harness/case.h"
#include "harness/results/evidence.h"
#include "harness/worker/hardware_counters.h"

namespace crossover::harness {

/// The loop that Google Benchmark times, around calls of the case.
void run_case(benchmark::State& state, const Case& the_case);

/// Times `iterations` calls through Google Benchmark with a fixed iteration count and real time.
/// Fills everything that the worker can know: seconds, CPU time, switches, hardware events, and
/// what others took of `cpus`, the ones that this process may use, ascending.
Sample measure(const Case& the_case, std::int64_t iterations, const std::vector<int>& cpus,
               const HardwareCounters& counters);

/// Calls the case untimed for at least one call and at least `seconds`.
void warm_up(const Case& the_case, double seconds);

/// What one verified case costs and does: seconds per call, calls per sample so that a sample lasts
/// at least `min_sample_seconds`, and the counts of one untimed call.
CellFacts characterise(const Case& the_case, double min_sample_seconds);

}  // namespace crossover::harness
