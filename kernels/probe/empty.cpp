#include "kernels/probe/variants.h"

namespace crossover::kernels::probe {
namespace {

void run(const Args&, const Prepared&, std::span<std::byte>, const ParallelPolicy&) {}

double no_steps(const Problem&) { return 0; }

}  // namespace

constinit const Variant empty = {
    .kernel = {.name = "empty",
               .source = "nothing",
               .traits = {Threading::none, Simd::none, Packing::none},
               .why_unsupported = why_unsupported,
               .prepare = prepare_nothing,
               .workspace_bytes = no_workspace,
               .run = run},
    .steps_per_thread = no_steps,
};

}  // namespace crossover::kernels::probe
