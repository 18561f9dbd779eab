#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "kernels/core/kernel.h"
#include "kernels/core/matrix.h"

namespace crossover::kernels::probe {

/// How much one call does. Probes of arithmetic and memory go by `iterations`, those of memory by
/// `kib` as well, the fork-join ones by `constructs`; none looks at the others' numbers.
struct Problem {
  Index iterations = 0;  // per thread; at most most_iterations
  Index constructs = 1;  // of the whole team
  Index kib = 0;         // of memory that each thread goes through; 0: beyond the last-level cache
};

/// Above it, an f32 could not count the steps of a lane exactly.
inline constexpr Index most_iterations = 200'000;

/// 64 GiB per thread: more than any cache.
inline constexpr Index most_kib = Index{1} << 26;

/// What one thread did, on a cache line of its own.
struct alignas(64) Tally {
  double steps = 0;
};

/// Every probe makes each thread take a known number of steps (steps_per_thread), and the work
/// itself counts them: lanes that grow by one per multiply-add, words that are all 1 and are
/// summed, a visit per construct. So done[t].steps is a count and not a claim.
struct Args {
  float one = 1;                          // known at run time only, or the work could be folded
  std::span<const std::uint64_t> stream;  // what probes of memory read, every word 1; else empty
  std::span<std::uint64_t> sink;          // what stream_copy writes, as long as stream; else empty
  Index turn = 0;         // number of the call: it goes on in memory where the last one ended
  std::span<Tally> done;  // [threads]
};

using Kernel = kernels::Kernel<Problem, Args>;

/// One probe and what a call of it amounts to.
struct Variant {
  Kernel kernel;
  double (*steps_per_thread)(const Problem&);
  double operations_per_step = 0;  // 2 for a multiply-add
  double bytes_per_step = 0;       // read from memory and written to it
  bool writes = false;             // copies the stream to the sink
};

/// All probes, in the order in which they are listed.
std::span<const Variant> family();

/// The probe of that name; nullptr where there is none.
const Variant* find(std::string_view name);

/// Operations and bytes of one call on all threads together.
double operations(const Variant& variant, const Problem& problem, const ParallelPolicy& policy);
double bytes(const Variant& variant, const Problem& problem, const ParallelPolicy& policy);

/// The first thread that did not do its work, or nullopt. `args.done` and `args.sink` must have
/// been zero before the call.
std::optional<std::string> why_wrong(const Variant& variant, const Problem& problem,
                                     const Args& args);

/// Words of 64 bits of the stream, and of the sink where the probe has one, of all threads
/// together; 0 where it reads no memory. Beyond the last-level cache means at least 256 MiB and
/// four times that cache, since replacement is not exactly LRU, at any thread count.
std::size_t stream_words(const Variant& variant, const Problem& problem,
                         const ParallelPolicy& policy);

/// Sets every word to the value. Each thread writes the part that it will use, so that it lies
/// near.
void fill_stream(std::span<std::uint64_t> stream, std::uint64_t value,
                 const ParallelPolicy& policy);

}  // namespace crossover::kernels::probe
