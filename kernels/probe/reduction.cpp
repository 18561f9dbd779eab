#include "kernels/probe/variants.h"

namespace crossover::kernels::probe {
namespace {

void run(const Args& args, const Prepared& prepared, std::span<std::byte>,
         const ParallelPolicy& policy) {
  const Index constructs = planned_constructs(prepared);
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

constinit const Variant reduction = construct_probe("reduction", run);

}  // namespace crossover::kernels::probe
