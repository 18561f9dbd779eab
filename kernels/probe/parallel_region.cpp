#include "kernels/probe/variants.h"

namespace crossover::kernels::probe {
namespace {

void run(const Args& args, const Prepared& prepared, std::span<std::byte>,
         const ParallelPolicy& policy) {
  const Index constructs = planned_constructs(prepared);
  for (Index i = 0; i < constructs; ++i) {
    kernels::parallel_region(
        policy, [&](int thread, int) { args.done[static_cast<std::size_t>(thread)].steps += 1; });
  }
}

}  // namespace

constinit const Variant parallel_region = construct_probe("parallel_region", run);

}  // namespace crossover::kernels::probe
