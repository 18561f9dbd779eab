#include <fmt/format.h>

#include "kernels/build_facts.h"
#include "kernels/core/instruction_set.h"
#include "kernels/matmul/variants.h"
#include "kernels/matmul/vendor.h"

namespace crossover::kernels::matmul {
namespace {

// A library of templates has no dispatch of its own: there is one module per instruction set.
std::string module_name() {
  const std::string set = instruction_set();
  if (set == "avx3") return "eigen_avx512";
  if (set == "avx2") return "eigen_avx2";
  return "eigen_baseline";
}

std::optional<std::string> why_unsupported(const Problem&) {
  return why_no_module(module_name(), "Eigen");
}

std::unique_ptr<Prepared> prepare(const Problem& problem, const Constants& constants,
                                  const ParallelPolicy& policy) {
  return prepare_vendor(module_name(), problem, constants, policy);
}

}  // namespace

constinit const Kernel eigen = {
    .name = "eigen",
    .source = CROSSOVER_EIGEN_SOURCE,
    .traits = {Threading::openmp, Simd::vendor, Packing::per_call},
    .why_unsupported = why_unsupported,
    .prepare = prepare,
    .workspace_bytes = no_workspace,
    .run = run_vendor,
};

}  // namespace crossover::kernels::matmul
