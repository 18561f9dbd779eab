#include <cassert>
#include <fmt/format.h>
#include <limits>

#include "kernels/build_facts.h"
#include "kernels/core/module.h"
#include "kernels/core/thread_count_guard.h"
#include "kernels/dot/blas_module.h"
#include "kernels/dot/variants.h"

namespace crossover::kernels::dot {
namespace {

struct Loaded : Prepared {
  Loaded(const DotModule& loaded, int threads)
      : module(loaded), guard(loaded.set_threads, loaded.threads, threads) {}

  std::optional<std::string> code_path() const override { return module.code_path(); }

  const DotModule& module;
  ThreadCountGuard guard;
};

std::optional<std::string> why_unsupported(const Problem& problem) {
  if (problem.n > std::numeric_limits<int>::max()) {
    return fmt::format("its interface has 32-bit extents; {} is too large", problem.n);
  }
  return why_no_module("openblas", "OpenBLAS");
}

std::unique_ptr<Prepared> prepare(const Problem&, const NoConstants&,
                                  const ParallelPolicy& policy) {
  const auto& module = *static_cast<const DotModule*>(load_module("openblas", dot_module_symbol));
  auto prepared = std::make_unique<Loaded>(module, policy.threads);
  require_threads("openblas", module.threads(), policy.threads);
  return prepared;
}

void run(const Args& args, const Prepared& prepared, std::span<std::byte>,
         const ParallelPolicy& policy) {
  assert(shapes_agree(args));
  const DotModule& module = static_cast<const Loaded&>(prepared).module;
  // Something else may have been prepared with another count since.
  if (module.threads() != policy.threads) module.set_threads(policy.threads);
  module.multiply(all_pairs(args));
}

}  // namespace

constinit const Kernel openblas = {
    .name = "openblas",
    .source = CROSSOVER_OPENBLAS_SOURCE,
    .traits = {Threading::vendor, Simd::vendor, Packing::none},
    .why_unsupported = why_unsupported,
    .prepare = prepare,
    .workspace_bytes = no_workspace,
    .run = run,
};

}  // namespace crossover::kernels::dot
