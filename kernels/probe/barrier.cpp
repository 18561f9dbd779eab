#include "kernels/probe/variants.h"

namespace crossover::kernels::probe {
namespace {

void run(const Args& args, const Prepared& prepared, std::span<std::byte>,
         const ParallelPolicy& policy) {
  const Index constructs = planned_constructs(prepared);
  kernels::parallel_region(policy, [&](int thread, int) {
    Tally& own = args.done[static_cast<std::size_t>(thread)];
    for (Index i = 0; i < constructs; ++i) {
      own.steps += 1;
#pragma omp barrier
    }
  });
}

}  // namespace

constinit const Variant barrier = construct_probe("barrier", run);

}  // namespace crossover::kernels::probe
