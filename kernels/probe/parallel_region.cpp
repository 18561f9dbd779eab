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
  for (Index i = 0; i < constructs; ++i) {
    kernels::parallel_region(
        policy, [&](int thread, int) { args.done[static_cast<std::size_t>(thread)].steps += 1; });
  }
}

}  // namespace

constinit const Variant parallel_region = {
    .kernel = {.name = "parallel_region",
               .source = "Bull, EWOMP 1999",
               .traits = {Threading::openmp, Simd::none, Packing::none},
               .why_unsupported = why_unsupported,
               .prepare = prepare,
               .workspace_bytes = no_workspace,
               .run = run},
    .steps_per_thread = constructs_of,
};

}  // namespace crossover::kernels::probe
