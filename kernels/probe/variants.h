#pragma once

#include <span>

#include "kernels/core/partition.h"
#include "kernels/probe/probe.h"

namespace crossover::kernels::probe {

// One per file; family.cpp lists them.

/// f32 multiply-adds in registers only: the arithmetic ceiling of `threads` cores.
extern const Variant fma_f32;

/// 8-bit multiply-adds into 32-bit sums, in registers only.
extern const Variant int8_dot;

/// Reads memory in sequence, each thread a part of its own: the bandwidth of `threads` cores.
extern const Variant stream_read;

/// Copies memory in sequence, each thread a part of its own, with ordinary stores: the bandwidth of
/// reading and writing together. A line that is written is read first; that is not counted. Within
/// level 2, rep movsb copies without that and is faster (1.3 times on Zen 5); no kernel that
/// computes what it writes can do so.
extern const Variant stream_copy;

// The cost of OpenMP's constructs with next to nothing inside, in the way of EPCC's
// microbenchmarks, and as our kernels use them.
// Source: Bull, "Measuring synchronisation and scheduling overheads in OpenMP", EWOMP 1999.

/// Fork and join of a team, as parallel_region() does it for every kernel.
extern const Variant parallel_region;

/// The same with a statically scheduled loop of one iteration per thread inside.
extern const Variant parallel_for;

/// One region with `constructs` barriers inside.
extern const Variant barrier;

/// A region that sums one number per thread.
extern const Variant reduction;

/// A call that does nothing: what is measured is the harness itself.
extern const Variant empty;

// What most probes share.

std::optional<std::string> why_unsupported(const Problem& problem);
std::unique_ptr<Prepared> prepare_nothing(const Problem&, const NoConstants&,
                                          const ParallelPolicy&);
std::size_t no_workspace(const Problem&, const ParallelPolicy&);

/// One step per construct.
double constructs_of(const Problem& problem);

/// How many constructs one call of a probe made by construct_probe() executes.
Index planned_constructs(const Prepared& prepared);
std::unique_ptr<Prepared> prepare_constructs(const Problem& problem, const NoConstants&,
                                             const ParallelPolicy&);

/// A probe that does nothing but execute an OpenMP construct as often as its problem says.
constexpr Variant construct_probe(const char* name, decltype(Kernel::run) run) {
  return {.kernel = {.name = name,
                     .source = "Bull, EWOMP 1999",
                     .traits = {Threading::openmp, Simd::none, Packing::none},
                     .why_unsupported = why_unsupported,
                     .prepare = prepare_constructs,
                     .workspace_bytes = no_workspace,
                     .run = run},
          .steps_per_thread = constructs_of};
}

/// What one iteration of a probe of memory reads: four cache lines, so that the iterations of an
/// arithmetic probe read for about as long as that computes.
inline constexpr Index words_per_block = 32;

/// The blocks of the stream or sink that belong to a thread, as words.
template <class Word>
std::span<Word> part_of(std::span<Word> words, int thread, int threads) {
  const Range own = share(static_cast<Index>(words.size()) / words_per_block, threads, thread);
  return words.subspan(static_cast<std::size_t>(own.begin * words_per_block),
                       static_cast<std::size_t>(own.size() * words_per_block));
}

/// The first thread whose part of the sink does not hold what one call copies, or nullopt.
std::optional<std::string> why_not_copied(const Problem& problem, const Args& args);

}  // namespace crossover::kernels::probe
