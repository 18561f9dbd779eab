#include <cassert>

#include "kernels/activation/naive.h"
#include "kernels/activation/variants.h"

// The loops of naive, as many elements for each thread, whichever row they are in.

namespace crossover::kernels::activation {
namespace {

std::unique_ptr<Prepared> prepare(const Problem& problem, const NoConstants&,
                                  const ParallelPolicy&) {
  return std::make_unique<Plan>(scalar_loop(problem.function, problem.gated), problem.gated,
                                std::nullopt);
}

void run(const Args& args, const Prepared& prepared, std::span<std::byte>,
         const ParallelPolicy& policy) {
  const auto& plan = static_cast<const Plan&>(prepared);
  assert(is_valid(args, plan.gated));
  run_parallel(args, plan, policy);
}

}  // namespace

constinit const Kernel parallel = {
    .name = "parallel",
    .source = "naive, equal shares of the elements per OpenMP thread",
    .traits = {Threading::openmp, Simd::none, Packing::none},
    .why_unsupported = always_supported,
    .prepare = prepare,
    .workspace_bytes = no_workspace,
    .run = run,
};

}  // namespace crossover::kernels::activation
