#include "kernels/probe/simd_fma.h"
#include "kernels/probe/variants.h"

namespace crossover::kernels::probe {
namespace {

struct Plan : Prepared {
  explicit Plan(Index count) : iterations(count) {}

  std::optional<std::string> code_path() const override { return loop.name; }

  const FmaLoop& loop = fma_loop();
  Index iterations;
};

std::unique_ptr<Prepared> prepare(const Problem& problem, const NoConstants&,
                                  const ParallelPolicy&) {
  return std::make_unique<Plan>(problem.iterations);
}

void run(const Args& args, const Prepared& prepared, std::span<std::byte>,
         const ParallelPolicy& policy) {
  const auto& plan = static_cast<const Plan&>(prepared);
  kernels::parallel_region(policy, [&](int thread, int) {
    args.done[static_cast<std::size_t>(thread)].steps =
        plan.loop.run(plan.iterations, args.one, args.one);
  });
}

double steps_per_thread(const Problem& problem) {
  return static_cast<double>(multiply_adds_per_iteration * problem.iterations);
}

}  // namespace

constinit const Variant fma_f32 = {
    .kernel = {.name = "fma_f32",
               .source = "multiply-adds in registers only",
               .traits = {Threading::openmp, Simd::highway, Packing::none},
               .why_unsupported = why_unsupported,
               .prepare = prepare,
               .workspace_bytes = no_workspace,
               .run = run},
    .steps_per_thread = steps_per_thread,
    .operations_per_step = 2,
};

}  // namespace crossover::kernels::probe
