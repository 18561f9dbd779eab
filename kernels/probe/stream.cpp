#include "kernels/probe/stream.h"

#include <algorithm>
#include <fmt/format.h>

#include "kernels/core/cpu_caches.h"

namespace crossover::kernels::probe {
namespace {

constexpr std::size_t words_per_kib = 1024 / sizeof(std::uint64_t);

std::size_t bytes_beyond_caches() {
  constexpr std::size_t least = std::size_t{256} << 20;
  return std::max(least, 4 * cpu_caches().level3);
}

}  // namespace

Walk StreamPlan::walk(Index turn, std::size_t words) const {
  return {static_cast<Index>(words) / words_per_block / 2, turn * ((iterations + 1) / 2),
          iterations};
}

std::unique_ptr<Prepared> prepare_stream(const Problem& problem, const NoConstants&,
                                         const ParallelPolicy&) {
  return std::make_unique<StreamPlan>(problem.iterations);
}

double words_per_thread(const Problem& problem) {
  return static_cast<double>(words_per_block * problem.iterations);
}

std::size_t stream_words(const Variant& variant, const Problem& problem,
                         const ParallelPolicy& policy) {
  if (variant.bytes_per_step == 0) return 0;
  const std::size_t words = problem.kib == 0
                                ? bytes_beyond_caches() / sizeof(std::uint64_t)
                                : static_cast<std::size_t>(problem.kib) * words_per_kib *
                                      static_cast<std::size_t>(policy.threads);
  return variant.writes ? words / 2 : words;
}

void fill_stream(std::span<std::uint64_t> stream, std::uint64_t value,
                 const ParallelPolicy& policy) {
  kernels::parallel_region(policy, [&](int thread, int threads) {
    const std::span<std::uint64_t> part = part_of(stream, thread, threads);
    std::fill(part.begin(), part.end(), value);
  });
}

std::optional<std::string> why_not_copied(const Problem& problem, const Args& args) {
  const int threads = static_cast<int>(args.done.size());
  for (int thread = 0; thread < threads; ++thread) {
    const std::span<const std::uint64_t> part = part_of(args.sink, thread, threads);
    // Blocks come in pairs; the last one of an odd number is new only before the walk starts over.
    const Index half = static_cast<Index>(part.size()) / words_per_block / 2;
    const Index blocks = std::min(problem.iterations / 2, half) * 2 +
                         (problem.iterations % 2 != 0 && problem.iterations / 2 < half ? 1 : 0);
    const auto copied = std::count(part.begin(), part.end(), std::uint64_t{1});
    if (copied != blocks * words_per_block) {
      return fmt::format("thread {}: {} words were copied, expected {}", thread, copied,
                         blocks * words_per_block);
    }
  }
  return std::nullopt;
}

}  // namespace crossover::kernels::probe
