#include "kernels/probe/int8_loops.h"
#include "kernels/probe/variants.h"

namespace crossover::kernels::probe {
namespace {

struct Plan : Prepared {
  explicit Plan(Index count) : iterations(count) {}

  std::optional<std::string> code_path() const override { return loop.name; }

  const Int8Loop& loop = int8_loop();
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
        static_cast<double>(plan.loop.run(plan.iterations, static_cast<int>(args.one)));
  });
}

double steps_per_thread(const Problem& problem) {
  return static_cast<double>(dot_multiply_adds_per_iteration * problem.iterations);
}

}  // namespace

constinit const Variant int8_dot = {
    .kernel = {.name = "int8_dot",
               .source = "8-bit dot products in registers only",
               .traits = {Threading::openmp, Simd::intrinsics, Packing::none},
               .why_unsupported = why_unsupported,
               .prepare = prepare,
               .workspace_bytes = no_workspace,
               .run = run},
    .steps_per_thread = steps_per_thread,
    .operations_per_step = 2,
};

}  // namespace crossover::kernels::probe
