#include "kernels/probe/variants.h"

namespace crossover::kernels::probe {
namespace {

void run(const Args& args, const Prepared& prepared, std::span<std::byte>,
         const ParallelPolicy& policy) {
  const Index constructs = planned_constructs(prepared);
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

constinit const Variant parallel_for = construct_probe("parallel_for", run);

}  // namespace crossover::kernels::probe
