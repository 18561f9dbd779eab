#include "kernels/activation/naive.h"

#include <cassert>
#include <cmath>

#include "kernels/activation/variants.h"

// The formulas as they are written, one element at a time. What limits it: one call of std::erf,
// std::tanh or std::exp per element.

namespace crossover::kernels::activation {
namespace {

template <Function function>
float value_at(float x) {
  if constexpr (function == Function::gelu) {
    return 0.5F * x * (1 + std::erf(x * inverse_root_of_2));
  } else if constexpr (function == Function::gelu_tanh) {
    return 0.5F * x * (1 + std::tanh(root_of_2_by_pi * (x + gelu_cubic * x * x * x)));
  } else {
    return x / (1 + std::exp(-x));
  }
}

template <Function function, Gated gated>
void compute(const Piece& piece) {
  for (Index j = 0; j < piece.cols; ++j) {
    const float value = value_at<function>(piece.x[j]);
    piece.y[j] = gated == Gated::mul ? value * piece.up[j] : value;
  }
}

template <Gated gated>
Loop loop_of(Function function) {
  if (function == Function::gelu) return compute<Function::gelu, gated>;
  if (function == Function::gelu_tanh) return compute<Function::gelu_tanh, gated>;
  return compute<Function::silu, gated>;
}

std::unique_ptr<Prepared> prepare(const Problem& problem, const NoConstants&,
                                  const ParallelPolicy&) {
  return std::make_unique<Plan>(scalar_loop(problem.function, problem.gated), problem.gated,
                                std::nullopt);
}

void run(const Args& args, const Prepared& prepared, std::span<std::byte>, const ParallelPolicy&) {
  const auto& plan = static_cast<const Plan&>(prepared);
  assert(is_valid(args, plan.gated));
  run_serial(args, plan);
}

}  // namespace

Loop scalar_loop(Function function, Gated gated) {
  return gated == Gated::mul ? loop_of<Gated::mul>(function) : loop_of<Gated::none>(function);
}

constinit const Kernel naive = {
    .name = "naive",
    .source = "the formulas, with the functions of the C library",
    .traits = {Threading::none, Simd::none, Packing::none},
    .why_unsupported = always_supported,
    .prepare = prepare,
    .workspace_bytes = no_workspace,
    .run = run,
};

}  // namespace crossover::kernels::activation
