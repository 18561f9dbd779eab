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
  double total = 0;
  for (Index i = 0; i < constructs; ++i) {
    double sum = 0;
    count_region();
#pragma omp parallel num_threads(policy.threads) reduction(+ : sum)
    {
      count_task();
      sum += args.one;
    }
    total += sum;
  }
  // A thread whose number went missing would show in every share.
  for (Tally& tally : args.done) tally.steps = total / policy.threads;
}

}  // namespace

constinit const Variant reduction = {
    .kernel = {.name = "reduction",
               .source = "Bull, EWOMP 1999",
               .traits = {Threading::openmp, Simd::none, Packing::none},
               .why_unsupported = why_unsupported,
               .prepare = prepare,
               .workspace_bytes = no_workspace,
               .run = run},
    .steps_per_thread = constructs_of,
};

}  // namespace crossover::kernels::probe
