#include <algorithm>
#include <fmt/format.h>
#include <limits>

#include "kernels/build_facts.h"
#include "kernels/matmul/variants.h"
#include "kernels/matmul/vendor.h"

namespace crossover::kernels::matmul {
namespace {

std::optional<std::string> why_unsupported(const Problem& problem) {
  const Index largest = std::max({problem.m, problem.n, problem.k});
  if (largest > std::numeric_limits<int>::max()) {
    return fmt::format("its interface has 32-bit extents; {} is too large", largest);
  }
  return why_no_module("openblas", "OpenBLAS");
}

std::unique_ptr<Prepared> prepare(const Problem& problem, const Constants& constants,
                                  const ParallelPolicy& policy) {
  return prepare_vendor("openblas", problem, constants, policy);
}

}  // namespace

constinit const Kernel openblas = {
    .name = "openblas",
    .source = CROSSOVER_OPENBLAS_SOURCE,
    .traits = {Threading::vendor, Simd::vendor, Packing::per_call},
    .why_unsupported = why_unsupported,
    .prepare = prepare,
    .workspace_bytes = no_workspace,
    .run = run_vendor,
};

}  // namespace crossover::kernels::matmul
