#include "kernels/matmul/vendor.h"

#include <cassert>

#include "kernels/core/thread_count_guard.h"
#include "kernels/matmul/variants.h"

namespace crossover::kernels::matmul {
namespace {

struct PreparedVendor : Prepared {
  PreparedVendor(const GemmModule& loaded, int threads)
      : module(loaded),
        guard(loaded.set_threads, loaded.threads, threads),
        handle(nullptr, loaded.destroy) {}

  std::optional<std::string> code_path() const override {
    const char* path = module.code_path(handle.get());
    return path ? std::optional<std::string>(path) : std::nullopt;
  }

  const GemmModule& module;
  ThreadCountGuard guard;
  std::unique_ptr<void, void (*)(void*)> handle;  // made and destroyed under the guard's count
};

}  // namespace

std::unique_ptr<Prepared> prepare_vendor(std::string_view name, const Problem& problem,
                                         const Constants& constants, const ParallelPolicy& policy) {
  const auto& module = *static_cast<const GemmModule*>(load_module(name, gemm_module_symbol));
  auto prepared = std::make_unique<PreparedVendor>(module, policy.threads);
  require_threads(name, module.threads(), policy.threads);
  if (module.create) prepared->handle.reset(module.create(problem, constants));
  return prepared;
}

void run_vendor(const Args& args, const Prepared& prepared, std::span<std::byte>,
                const ParallelPolicy& policy) {
  assert(shapes_agree(args));
  const auto& vendor = static_cast<const PreparedVendor&>(prepared);
  const GemmModule& module = vendor.module;
  // Something else may have been prepared with another count since.
  if (module.threads() != policy.threads) module.set_threads(policy.threads);
  module.multiply(vendor.handle.get(), args);
}

}  // namespace crossover::kernels::matmul
