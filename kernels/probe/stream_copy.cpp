#include <cassert>

#include "kernels/probe/stream.h"

namespace crossover::kernels::probe {
namespace {

void run(const Args& args, const Prepared& prepared, std::span<std::byte>,
         const ParallelPolicy& policy) {
  const auto& plan = static_cast<const StreamPlan&>(prepared);
  assert(static_cast<Index>(args.stream.size()) >= 2 * policy.threads * words_per_block);
  assert(args.sink.size() == args.stream.size());
  kernels::parallel_region(policy, [&](int thread, int threads) {
    const std::span<const std::uint64_t> from = part_of(args.stream, thread, threads);
    const std::span<std::uint64_t> to = part_of(args.sink, thread, threads);
    args.done[static_cast<std::size_t>(thread)].steps = static_cast<double>(
        plan.loops.copy(from.data(), to.data(), plan.walk(args.turn, from.size())));
  });
}

}  // namespace

constinit const Variant stream_copy = {
    .kernel = {.name = "stream_copy",
               .source = "sequential reads and ordinary stores",
               .traits = {Threading::openmp, Simd::highway, Packing::none},
               .why_unsupported = why_unsupported,
               .prepare = prepare_stream,
               .workspace_bytes = no_workspace,
               .run = run},
    .steps_per_thread = words_per_thread,
    .bytes_per_step = 2 * sizeof(std::uint64_t),
    .writes = true,
};

}  // namespace crossover::kernels::probe
