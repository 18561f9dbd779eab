#include <algorithm>
#include <array>
#include <cassert>
#include <numeric>

#include "kernels/core/cpu_caches.h"
#include "kernels/core/partition.h"
#include "kernels/probe/variants.h"

namespace crossover::kernels::probe {
namespace {

struct Plan : Prepared {
  explicit Plan(Index count) : iterations(count) {}

  Index iterations;
};

std::unique_ptr<Prepared> prepare(const Problem& problem, const NoConstants&,
                                  const ParallelPolicy&) {
  return std::make_unique<Plan>(problem.iterations);
}

/// The blocks that belong to a thread, as words of the stream.
std::span<const std::uint64_t> part_of(std::span<const std::uint64_t> stream, int thread,
                                       int threads) {
  const auto words = static_cast<Index>(stream.size());
  const Range own = share(words / words_per_block, threads, thread);
  return stream.subspan(static_cast<std::size_t>(own.begin * words_per_block),
                        static_cast<std::size_t>(own.size() * words_per_block));
}

/// The sum of whole blocks. Sixteen sums: two cache lines are on their way at any time, and no add
/// waits for another one.
std::uint64_t sum_of(const std::uint64_t* words, Index count) {
  std::array<std::uint64_t, 16> sums{};
  for (Index i = 0; i < count; i += static_cast<Index>(sums.size())) {
    for (std::size_t lane = 0; lane < sums.size(); ++lane) {
      sums[lane] += words[i + static_cast<Index>(lane)];
    }
  }
  return std::accumulate(sums.begin(), sums.end(), std::uint64_t{0});
}

/// Reads `blocks` blocks in sequence from block `first` on, from the start again after the end.
std::uint64_t read_blocks(std::span<const std::uint64_t> part, Index first, Index blocks) {
  const Index all = static_cast<Index>(part.size()) / words_per_block;
  std::uint64_t sum = 0;
  for (Index at = first % all; blocks > 0; at = 0) {
    const Index count = std::min(blocks, all - at);
    sum += sum_of(part.data() + at * words_per_block, count * words_per_block);
    blocks -= count;
  }
  return sum;
}

void run(const Args& args, const Prepared& prepared, std::span<std::byte>,
         const ParallelPolicy& policy) {
  const Index iterations = static_cast<const Plan&>(prepared).iterations;
  assert(static_cast<Index>(args.stream.size()) >= policy.threads * words_per_block);
  kernels::parallel_region(policy, [&](int thread, int threads) {
    args.done[static_cast<std::size_t>(thread)].steps = static_cast<double>(
        read_blocks(part_of(args.stream, thread, threads), args.turn * iterations, iterations));
  });
}

/// One step is a word.
double steps_per_thread(const Problem& problem) {
  return static_cast<double>(words_per_block * problem.iterations);
}

}  // namespace

std::size_t stream_words() {
  constexpr std::size_t least_bytes = std::size_t{256} << 20;
  constexpr std::size_t times_cache = 4;
  return std::max(least_bytes, times_cache * cpu_caches().level3) / sizeof(std::uint64_t);
}

void fill_stream(std::span<std::uint64_t> stream, const ParallelPolicy& policy) {
  kernels::parallel_region(policy, [&](int thread, int threads) {
    const std::span<const std::uint64_t> part = part_of(stream, thread, threads);
    std::fill_n(stream.data() + (part.data() - stream.data()), part.size(), 1);
  });
}

constinit const Variant stream_read = {
    .kernel = {.name = "stream_read",
               .source = "sequential reads of more than the last-level cache",
               .traits = {Threading::openmp, Simd::compiler, Packing::none},
               .why_unsupported = why_unsupported,
               .prepare = prepare,
               .workspace_bytes = no_workspace,
               .run = run},
    .steps_per_thread = steps_per_thread,
    .bytes_per_step = sizeof(std::uint64_t),
};

}  // namespace crossover::kernels::probe
