#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "kernels/core/kernel.h"
#include "kernels/core/matrix.h"

namespace crossover::kernels::probe {

/// How much one call does. Arithmetic and reading probes go by `iterations`, the fork-join ones by
/// `constructs`, and neither looks at the other's number.
struct Problem {
  Index iterations = 0;  // per thread; at most most_iterations
  Index constructs = 1;  // of the whole team
};

/// Above it, an f32 could not count the steps of a lane exactly.
inline constexpr Index most_iterations = 200'000;

/// What one thread did, on a cache line of its own.
struct alignas(64) Tally {
  double steps = 0;
};

/// Every probe makes each thread take a known number of steps (steps_per_thread), and the work
/// itself counts them: lanes that grow by one per multiply-add, words that are all 1 and are
/// summed, a visit per construct. So done[t].steps is a count and not a claim.
struct Args {
  float one = 1;                          // known at run time only, or the work could be folded
  std::span<const std::uint64_t> stream;  // what stream_read reads, every word 1; else empty
  Index turn = 0;         // number of the call: stream_read goes on where the last one ended
  std::span<Tally> done;  // [threads]
};

using Kernel = kernels::Kernel<Problem, Args>;

/// One probe and what a call of it amounts to.
struct Variant {
  Kernel kernel;
  double (*steps_per_thread)(const Problem&);
  double operations_per_step = 0;  // 2 for a multiply-add
  double bytes_per_step = 0;       // read from memory
};

/// All probes, in the order in which they are listed.
std::span<const Variant> family();

/// The probe of that name; nullptr where there is none.
const Variant* find(std::string_view name);

/// Operations and bytes of one call on all threads together.
double operations(const Variant& variant, const Problem& problem, const ParallelPolicy& policy);
double bytes(const Variant& variant, const Problem& problem, const ParallelPolicy& policy);

/// The first thread that did not do its work, or nullopt. `args.done` must have been zero before
/// the call.
std::optional<std::string> why_wrong(const Variant& variant, const Problem& problem,
                                     const Args& args);

/// Words of 64 bits that stream_read needs to read from memory, at any thread count: four times the
/// last-level cache, since replacement is not exactly LRU, and at least 256 MiB.
std::size_t stream_words();

/// Sets every word to 1. Each thread writes the part that it will read, so that it lies near it.
void fill_stream(std::span<std::uint64_t> stream, const ParallelPolicy& policy);

}  // namespace crossover::kernels::probe
