#include "kernels/matmul/vendor.h"

#include <cassert>
#include <fmt/format.h>
#include <stdexcept>

#include "kernels/core/module.h"
#include "kernels/matmul/variants.h"

namespace crossover::kernels::matmul {
namespace {

// Keeps a library's thread count for as long as something is prepared with it.
class ThreadCountGuard {
 public:
  ThreadCountGuard(const GemmModule& module, int threads)
      : module_(module), previous_(module.threads()) {
    if (previous_ != threads) module_.set_threads(threads);
  }
  ~ThreadCountGuard() {
    if (module_.threads() != previous_) module_.set_threads(previous_);
  }
  ThreadCountGuard(const ThreadCountGuard&) = delete;
  ThreadCountGuard& operator=(const ThreadCountGuard&) = delete;

 private:
  const GemmModule& module_;
  int previous_;
};

struct PreparedVendor : Prepared {
  PreparedVendor(const GemmModule& loaded, int threads)
      : module(loaded), guard(loaded, threads), handle(nullptr, loaded.destroy) {}

  std::optional<std::string> code_path() const override {
    const char* path = module.code_path(handle.get());
    return path ? std::optional<std::string>(path) : std::nullopt;
  }

  const GemmModule& module;
  ThreadCountGuard guard;
  std::unique_ptr<void, void (*)(void*)> handle;  // made and destroyed under the guard's count
};

}  // namespace

std::optional<std::string> why_no_module(std::string_view module, std::string_view library) {
  if (module_file(module)) return std::nullopt;
  return fmt::format("not built: {} was not found when configuring", library);
}

std::unique_ptr<Prepared> prepare_vendor(std::string_view name, const Problem& problem,
                                         const Constants& constants, const ParallelPolicy& policy) {
  const auto& module = *static_cast<const GemmModule*>(load_module(name, gemm_module_symbol));
  auto prepared = std::make_unique<PreparedVendor>(module, policy.threads);
  if (module.threads() != policy.threads) {
    throw std::runtime_error(
        fmt::format("{} grants {} threads; asked for {}", name, module.threads(), policy.threads));
  }
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
