#include "kernels/build_facts.h"
#include "kernels/matmul/variants.h"
#include "kernels/matmul/vendor.h"

namespace crossover::kernels::matmul {
namespace {

std::optional<std::string> why_unsupported(const Problem&) {
  return why_no_module("onednn", "oneDNN 2 with OpenMP");
}

std::unique_ptr<Prepared> prepare(const Problem& problem, const Constants& constants,
                                  const ParallelPolicy& policy) {
  return prepare_vendor("onednn", problem, constants, policy);
}

std::unique_ptr<Prepared> prepare_packed(const Problem& problem, const Constants& constants,
                                         const ParallelPolicy& policy) {
  return prepare_vendor("onednn_prepacked", problem, constants, policy);
}

}  // namespace

constinit const Kernel onednn = {
    .name = "onednn",
    .source = CROSSOVER_ONEDNN_SOURCE,
    .traits = {Threading::openmp, Simd::vendor, Packing::per_call},
    .why_unsupported = why_unsupported,
    .prepare = prepare,
    .workspace_bytes = no_workspace,
    .run = run_vendor,
};

constinit const Kernel onednn_prepacked = {
    .name = "onednn_prepacked",
    .source = CROSSOVER_ONEDNN_SOURCE,
    .traits = {Threading::openmp, Simd::vendor, Packing::prepacked},
    .why_unsupported = why_unsupported,
    .prepare = prepare_packed,
    .workspace_bytes = no_workspace,
    .run = run_vendor,
};

}  // namespace crossover::kernels::matmul
