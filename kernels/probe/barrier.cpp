#include "kernels/probe/variants.h"

namespace crossover::kernels::probe {
namespace {

struct Plan : Prepared {
  explicit Plan(Index count) : constructs(count) {}

  Index constructs;
};

std::unique_ptr<Prepared> prepare(const Problem& problem, const ParallelPolicy&) {
  return std::make_unique<Plan>(problem.constructs);
}

void run(const Args& args, const Prepared& prepared, std::span<std::byte>,
         const ParallelPolicy& policy) {
  const Index constructs = static_cast<const Plan&>(prepared).constructs;
  kernels::parallel_region(policy, [&](int thread, int) {
    Tally& own = args.done[static_cast<std::size_t>(thread)];
    for (Index i = 0; i < constructs; ++i) {
      own.steps += 1;
#pragma omp barrier
    }
  });
}

}  // namespace

constinit const Variant barrier = {
    .kernel = {.name = "barrier",
               .source = "Bull, EWOMP 1999",
               .traits = {Threading::openmp, Simd::none, Packing::none},
               .why_unsupported = why_unsupported,
               .prepare = prepare,
               .workspace_bytes = no_workspace,
               .run = run},
    .steps_per_thread = constructs_of,
};

}  // namespace crossover::kernels::probe
