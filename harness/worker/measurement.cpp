#include "harness/worker/measurement.h"

#include <algorithm>
#include <benchmark/benchmark.h>
#include <chrono>
#include <cmath>
#include <ctime>
#include <limits>
#include <stdexcept>
#include <sys/resource.h>

#include "harness/worker/allocation_counter.h"
#include "harness/worker/cpu_time.h"

namespace crossover::harness {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double process_cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// Keeps the one run and prints nothing.
class SilentReporter : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (run.iterations > 0) {
        seconds = run.real_accumulated_time / static_cast<double>(run.iterations);
      }
    }
  }
  double seconds = 0;
};

double time_with_google_benchmark(const Case& the_case, std::int64_t iterations) {
  benchmark::ClearRegisteredBenchmarks();
  benchmark::RegisterBenchmark("cell",
                               [&the_case](benchmark::State& state) { run_case(state, the_case); })
      ->Iterations(iterations)
      ->UseRealTime();
  SilentReporter reporter;
  benchmark::RunSpecifiedBenchmarks(&reporter, "all");
  return reporter.seconds;
}

/// What the operating system counts, before and after a sample.
struct SystemCounts {
  rusage usage{};
  double cpu_seconds = process_cpu_seconds();
  std::optional<double> steal;
  std::optional<double> run_delay = run_delay_seconds();

  explicit SystemCounts(const std::vector<int>& cpus) : steal(steal_seconds(cpus)) {
    getrusage(RUSAGE_SELF, &usage);
  }
};

std::optional<double> difference(const std::optional<double>& after,
                                 const std::optional<double>& before) {
  if (!after || !before) return std::nullopt;
  return *after - *before;
}

/// What giving back takes is left out.
double seconds_of(const Case& the_case, std::int64_t calls) {
  double seconds = 0;
  // All calls at once where that is possible: one may be shorter than reading the clock.
  const std::int64_t at_once = the_case.give_back ? 1 : calls;
  for (std::int64_t done = 0; done < calls; done += at_once) {
    if (the_case.give_back) the_case.give_back();
    const auto start = Clock::now();
    for (std::int64_t i = 0; i < at_once; ++i) the_case.call();
    seconds += seconds_since(start);
  }
  return seconds;
}

/// Seconds per call in the best of a few batches of `calls`: what disturbs one of them can only
/// make it longer.
double seconds_per_call(const Case& the_case, std::int64_t calls) {
  constexpr int batches = 3;
  double best = std::numeric_limits<double>::infinity();
  for (int batch = 0; batch < batches; ++batch) {
    best = std::min(best, seconds_of(the_case, calls) / static_cast<double>(calls));
  }
  return std::max(best, 1e-10);
}

/// Seconds per call and calls needed for `min_sample_seconds`, by doubling until it lasts that
/// long.
std::pair<double, std::int64_t> calibrate(const Case& the_case, double first_call_seconds,
                                          double min_sample_seconds) {
  // Another process may take the CPU for tens of milliseconds. A short call that was hit by that
  // must not be taken for a long one: its samples would be single calls, with what the first call
  // after a pause costs on top, while those of the arm that it is compared with are not.
  constexpr double longest_disturbance = 0.1;
  double per_call = first_call_seconds;
  if (per_call < longest_disturbance) per_call = std::min(per_call, seconds_per_call(the_case, 1));
  std::int64_t calls = 1;
  // Reading the clock takes some 50 ns, which must not count.
  constexpr double shortest_batch = 5e-6;
  while (per_call * static_cast<double>(calls) < min_sample_seconds) {
    const bool known = per_call * static_cast<double>(calls) >= shortest_batch;
    calls = std::max<std::int64_t>(2 * calls,
                                   std::llround(std::ceil(min_sample_seconds / (2 * per_call))));
    const double now = seconds_per_call(the_case, calls);
    per_call = known ? std::min(per_call, now) : now;
  }
  const double needed = std::ceil(min_sample_seconds / per_call);
  return {per_call, std::max<std::int64_t>(1, std::llround(needed))};
}

}  // namespace

void run_case(benchmark::State& state, const Case& the_case) {
  if (!the_case.give_back) {
    for (auto _ : state) the_case.call();
    return;
  }
  for (auto _ : state) {
    state.PauseTiming();
    the_case.give_back();
    state.ResumeTiming();
    the_case.call();
  }
}

Sample measure(const Case& the_case, std::int64_t iterations, const std::vector<int>& cpus,
               const HardwareCounters& counters) {
  const SystemCounts before(cpus);
  const HardwareCounters::Reading events_before = counters.read();
  Sample sample;
  sample.iterations = iterations;
  sample.seconds = time_with_google_benchmark(the_case, iterations);
  const HardwareCounters::Reading events_after = counters.read();
  const SystemCounts after(cpus);
  sample.cpu_seconds = after.cpu_seconds - before.cpu_seconds;
  sample.voluntary_switches = after.usage.ru_nvcsw - before.usage.ru_nvcsw;
  sample.involuntary_switches = after.usage.ru_nivcsw - before.usage.ru_nivcsw;
  sample.steal_seconds = difference(after.steal, before.steal);
  // With more threads than CPUs a thread waits for its own kind: nobody foreign is to blame.
  if (thread_count() <= cpus.size()) {
    sample.foreign_seconds = difference(after.run_delay, before.run_delay);
  }
  sample.cycles = events_between(events_before.cycles, events_after.cycles);
  sample.instructions = events_between(events_before.instructions, events_after.instructions);
  sample.cache_misses = events_between(events_before.cache_misses, events_after.cache_misses);
  return sample;
}

void warm_up(const Case& the_case, double seconds) {
  const auto start = Clock::now();
  do {
    if (the_case.give_back) the_case.give_back();
    the_case.call();
  } while (seconds_since(start) < seconds);
}

CellFacts characterise(const Case& the_case, double min_sample_seconds) {
  CellFacts facts;
  facts.work = the_case.work;
  facts.prepare_seconds = the_case.prepare_seconds;
  double first_call = 0;
  {
    if (the_case.give_back) the_case.give_back();
    const AllocationCounting counting;
    const auto start = Clock::now();
    the_case.call();
    first_call = std::max(seconds_since(start), 1e-10);
    if (const auto counts = counting.counts()) {
      facts.counts.allocations = counts->allocations;
      facts.counts.allocated_bytes = counts->bytes;
    }
  }
  facts.counts.execution = the_case.count();
  if (the_case.details) facts.details = the_case.details();
  const auto [per_call, iterations] = calibrate(the_case, first_call, min_sample_seconds);
  facts.call_seconds = per_call;
  facts.iterations = iterations;
  return facts;
}

}  // namespace crossover::harness
