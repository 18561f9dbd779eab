#include "experiments/environment.h"

#include <algorithm>
#include <cstdlib>
#include <map>

#include "harness/worker/machine.h"

namespace crossover::experiments {
namespace {

/// The CPUs in the order in which arms occupy them, read once.
const std::vector<int>& cpu_order() {
  static const std::vector<int> order = harness::read_machine().cpus;
  return order;
}

}  // namespace

harness::Placement place(const harness::Arm& arm) {
  harness::Placement placement;
  const int threads = harness::threads_of(arm);
  placement.pin_threads = !arm.settings.contains("pin") || arm.settings.at("pin") == "cores";
  placement.cpus = cpu_order();
  if (placement.pin_threads) {
    placement.cpus.resize(std::min(placement.cpus.size(), static_cast<std::size_t>(threads)));
  }

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
