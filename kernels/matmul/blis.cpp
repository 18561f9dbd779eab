#include "kernels/build_facts.h"
#include "kernels/matmul/variants.h"
#include "kernels/matmul/vendor.h"

namespace crossover::kernels::matmul {
namespace {

std::optional<std::string> why_unsupported(const Problem&) {
  return why_no_module("blis", "BLIS with OpenMP");
}

std::unique_ptr<Prepared> prepare(const Problem& problem, const Constants& constants,
                                  const ParallelPolicy& policy) {
  return prepare_vendor("blis", problem, constants, policy);
}

}  // namespace

constinit const Kernel blis = {
    .name = "blis",
    .source = CROSSOVER_BLIS_SOURCE,
    .traits = {Threading::openmp, Simd::vendor, Packing::per_call},
    .why_unsupported = why_unsupported,
    .prepare = prepare,
    .workspace_bytes = no_workspace,
    .run = run_vendor,
};

}  // namespace crossover::kernels::matmul
