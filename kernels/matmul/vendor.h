#pragma once

#include <string>
#include <string_view>

#include "kernels/matmul/gemm_module.h"

namespace crossover::kernels::matmul {

/// Why the module cannot be used: "not built: ...", or nullopt when its file exists. Loads nothing.
std::optional<std::string> why_no_module(std::string_view module, std::string_view library);

/// Loads the module and sets its thread count, which is restored when the result is destroyed.
/// Errors: std::runtime_error where it cannot be loaded or grants another number of threads.
std::unique_ptr<Prepared> prepare_vendor(std::string_view module, const ParallelPolicy& policy);

/// Runs what prepare_vendor() made.
void run_vendor(const Args& args, const Prepared& prepared, std::span<std::byte> workspace,
                const ParallelPolicy& policy);

}  // namespace crossover::kernels::matmul
