#pragma once

#include <string_view>

#include "kernels/core/module.h"
#include "kernels/matmul/gemm_module.h"

namespace crossover::kernels::matmul {

/// Loads the module, sets its thread count, which is restored when the result is destroyed, and
/// lets it prepare for the problem. Errors: std::runtime_error where it cannot be loaded, grants
/// another number of threads or refuses the problem.
std::unique_ptr<Prepared> prepare_vendor(std::string_view module, const Problem& problem,
                                         const Constants& constants, const ParallelPolicy& policy);

/// Runs what prepare_vendor() made.
void run_vendor(const Args& args, const Prepared& prepared, std::span<std::byte> workspace,
                const ParallelPolicy& policy);

}  // namespace crossover::kernels::matmul
