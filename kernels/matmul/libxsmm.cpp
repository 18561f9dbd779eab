#include <fmt/format.h>

#include "kernels/build_facts.h"
#include "kernels/matmul/variants.h"
#include "kernels/matmul/vendor.h"

namespace crossover::kernels::matmul {
namespace {

// The largest m*n*k that the library was built to multiply itself.
constexpr double largest = CROSSOVER_LIBXSMM_LARGEST;

std::optional<std::string> why_unsupported(const Problem& problem) {
  if (auto why = why_no_module("libxsmm", "libxsmm")) return why;
  const double size = static_cast<double>(problem.m) * static_cast<double>(problem.n) *
                      static_cast<double>(problem.k);
  if (size <= largest) return std::nullopt;
  return fmt::format("it multiplies up to m*n*k = {} itself and leaves {} to another BLAS", largest,
                     size);
}

std::unique_ptr<Prepared> prepare(const Problem& problem, const Constants& constants,
                                  const ParallelPolicy& policy) {
  return prepare_vendor("libxsmm", problem, constants, policy);
}

}  // namespace

constinit const Kernel libxsmm = {
    .name = "libxsmm",
    .source = CROSSOVER_LIBXSMM_SOURCE,
    // B is copied in every call with Layout::abt alone.
    .traits = {Threading::none, Simd::vendor, Packing::none},
    .why_unsupported = why_unsupported,
    .prepare = prepare,
    .workspace_bytes = no_workspace,
    .run = run_vendor,
};

}  // namespace crossover::kernels::matmul
