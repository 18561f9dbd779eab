#include <cassert>

#include "kernels/probe/stream.h"

namespace crossover::kernels::probe {
namespace {

void run(const Args& args, const Prepared& prepared, std::span<std::byte>,
         const ParallelPolicy& policy) {
  const auto& plan = static_cast<const StreamPlan&>(prepared);
  assert(static_cast<Index>(args.stream.size()) >= 2 * policy.threads * words_per_block);
  kernels::parallel_region(policy, [&](int thread, int threads) {
    const std::span<const std::uint64_t> part = part_of(args.stream, thread, threads);
    args.done[static_cast<std::size_t>(thread)].steps =
        static_cast<double>(plan.loops.read(part.data(), plan.walk(args.turn, part.size())));
  });
}

}  // namespace

constinit const Variant stream_read = {
    .kernel = {.name = "stream_read",
               .source = "sequential reads",
               .traits = {Threading::openmp, Simd::highway, Packing::none},
               .why_unsupported = why_unsupported,
               .prepare = prepare_stream,
               .workspace_bytes = no_workspace,
               .run = run},
    .steps_per_thread = words_per_thread,
    .bytes_per_step = sizeof(std::uint64_t),
};

}  // namespace crossover::kernels::probe
