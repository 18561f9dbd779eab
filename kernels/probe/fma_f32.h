#pragma once

#include <optional>
#include <span>
#include <string>

#include "kernels/core/kernel.h"
#include "kernels/core/matrix.h"

namespace crossover::kernels::probe {

/// How long the probe runs; at most 200,000, above which f32 could not count exactly.
struct FmaProblem {
  Index iterations = 0;
};

/// On each thread, computes x <- x * factor + addend in every lane of many registers, without
/// touching memory, multiply_adds_per_iteration times per iteration over all lanes. With factor =
/// addend = 1 every step adds 1, so the sum of what the lanes gained is the number of steps that
/// really ran.
struct FmaArgs {
  float factor = 1;
  float addend = 1;
  std::span<double> gained;  // [threads]: sum over all lanes of x's growth
};

using FmaKernel = Kernel<FmaProblem, FmaArgs>;

/// 24 accumulators of 16 lanes, twice; other vector lengths divide it too.
inline constexpr Index multiply_adds_per_iteration = 768;

/// The f32 arithmetic ceiling of `policy.threads` cores. Call it with an `iterations` that lasts at
/// least a millisecond; 100,000 do.
const FmaKernel& fma_f32();

/// Operations of one call on all threads together.
double fma_flops(const FmaProblem& problem, const ParallelPolicy& policy);

/// The first thread that did not do its work, or nullopt. Requires factor = addend = 1.
std::optional<std::string> why_fma_wrong(const FmaProblem& problem, const FmaArgs& args);

}  // namespace crossover::kernels::probe
