#include "experiments/environment.h"

#include <algorithm>
#include <cstdlib>
#include <map>

#include "harness/worker/machine.h"
#include "kernels/matmul/matmul.h"

namespace crossover::experiments {
namespace {

/// The CPUs in the order in which arms occupy them, read once.
const std::vector<int>& cpu_order() {
  static const std::vector<int> order = harness::read_machine().cpus;
  return order;
}

/// Whether the arm's threads live for one call. The worker can pin only those that stay, and fresh
/// ones would all inherit the one CPU of the thread that starts them.
bool threads_come_and_go(const harness::Arm& arm) {
  const kernels::matmul::Kernel* kernel =
      arm.family == "matmul" ? kernels::matmul::find(arm.variant) : nullptr;
  return kernel != nullptr && kernel->traits.threading == kernels::Threading::threads_per_call;
}

}  // namespace

harness::Placement place(const harness::Arm& arm) {
  harness::Placement placement;
  const int threads = harness::threads_of(arm);
  const bool pinned = !arm.settings.contains("pin") || arm.settings.at("pin") == "cores";
  placement.cpus = cpu_order();
  if (pinned) {
    placement.cpus.resize(std::min(placement.cpus.size(), static_cast<std::size_t>(threads)));
  }
  placement.pin_threads = pinned && !threads_come_and_go(arm);

  std::map<std::string, std::string> variables{
      {"PATH", "/usr/bin:/bin"},
      {"OMP_NUM_THREADS", std::to_string(threads)},
      {"OMP_DYNAMIC", "false"},
      {"OMP_WAIT_POLICY", "active"},
      // libgomp would bind the main thread before a vendor's library starts its threads, and those
      // would inherit that one CPU. The worker pins all threads alike once they are there.
      {"OMP_PROC_BIND", "false"},
      {"OPENBLAS_NUM_THREADS", std::to_string(threads)},
  };
  // Without it, libraries in a place of their own would not be found.
  if (const char* libraries = std::getenv("LD_LIBRARY_PATH")) {
    variables["LD_LIBRARY_PATH"] = libraries;
  }
  constexpr std::string_view prefix = "env.";
  for (const auto& [key, value] : arm.settings) {
    if (key.starts_with(prefix)) variables[key.substr(prefix.size())] = value;
  }
  placement.environment.assign(variables.begin(), variables.end());
  return placement;
}

}  // namespace crossover::experiments
