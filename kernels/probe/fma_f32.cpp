#include "kernels/probe/fma_f32.h"

#include <fmt/format.h>

#include "kernels/probe/simd_fma.h"

namespace crossover::kernels::probe {
namespace {

// The generic loop takes 64 steps of 1 per iteration, and f32 counts exactly up to 2^24.
constexpr Index most_iterations = 200'000;

struct Plan : Prepared {
  explicit Plan(Index count) : iterations(count) {}

  std::optional<std::string> code_path() const override { return loop.name; }

  const FmaLoop& loop = fma_loop();
  Index iterations;
};

std::optional<std::string> why_unsupported(const FmaProblem& problem) {
  if (problem.iterations >= 0 && problem.iterations <= most_iterations) return std::nullopt;
  return fmt::format("iterations = {}; expected 0..{}", problem.iterations, most_iterations);
}

std::unique_ptr<Prepared> prepare(const FmaProblem& problem, const ParallelPolicy&) {
  return std::make_unique<Plan>(problem.iterations);
}

std::size_t workspace_bytes(const FmaProblem&, const ParallelPolicy&) { return 0; }

void run(const FmaArgs& args, const Prepared& prepared, std::span<std::byte>,
         const ParallelPolicy& policy) {
  const auto& plan = static_cast<const Plan&>(prepared);
  parallel_region(policy, [&](int thread, int) {
    args.gained[static_cast<std::size_t>(thread)] =
        plan.loop.run(plan.iterations, args.factor, args.addend);
  });
}

}  // namespace

const FmaKernel& fma_f32() {
  static constexpr FmaKernel kernel = {
      .name = "fma_f32",
      .source = "multiply-adds in registers only",
      .traits = {Threading::openmp, Simd::highway, Packing::none},
      .why_unsupported = why_unsupported,
      .prepare = prepare,
      .workspace_bytes = workspace_bytes,
      .run = run,
  };
  return kernel;
}

double fma_flops(const FmaProblem& problem, const ParallelPolicy& policy) {
  return 2.0 * static_cast<double>(multiply_adds_per_iteration * problem.iterations) *
         policy.threads;
}

std::optional<std::string> why_fma_wrong(const FmaProblem& problem, const FmaArgs& args) {
  const auto expected = static_cast<double>(multiply_adds_per_iteration * problem.iterations);
  for (std::size_t thread = 0; thread < args.gained.size(); ++thread) {
    if (args.gained[thread] != expected) {
      return fmt::format("thread {}: {} multiply-adds ran, expected {}", thread,
                         args.gained[thread], expected);
    }
  }
  return std::nullopt;
}

}  // namespace crossover::kernels::probe
