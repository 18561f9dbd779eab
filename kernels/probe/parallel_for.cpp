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
    count_region();
#pragma omp parallel for schedule(static) num_threads(policy.threads)
    for (int piece = 0; piece < policy.threads; ++piece) {
      count_task();
      args.done[static_cast<std::size_t>(piece)].steps += 1;
    }
  }
}

}  // namespace

constinit const Variant parallel_for = {
    .kernel = {.name = "parallel_for",
               .source = "Bull, EWOMP 1999",
               .traits = {Threading::openmp, Simd::none, Packing::none},
               .why_unsupported = why_unsupported,
               .prepare = prepare,
               .workspace_bytes = no_workspace,
               .run = run},
    .steps_per_thread = constructs_of,
};

}  // namespace crossover::kernels::probe
