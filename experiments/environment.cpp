#include "experiments/environment.h"

#include <algorithm>
#include <cstdlib>
#include <map>

#include "experiments/families.h"
#include "harness/machine.h"

namespace crossover::experiments {
namespace {

/// The CPUs in the order in which arms occupy them, read once.
const std::vector<int>& cpu_order() {
  static const std::vector<int> order = harness::read_machine().cpus;
  return order;
}

bool has_openmp_threads(const harness::Arm& arm) {
  static const std::vector<harness::FamilyInfo> all = families();
  for (const harness::FamilyInfo& family : all) {
    for (const harness::VariantInfo& variant : family.variants) {
      if (family.name == arm.family && variant.name == arm.variant) {
        return variant.traits.at("threading") == "openmp";
      }
    }
  }
  return false;
}

std::string places(const std::vector<int>& cpus) {
  std::string text;
  for (const int cpu : cpus) text += (text.empty() ? "{" : ",{") + std::to_string(cpu) + "}";
  return text;
}

std::string inherited(const char* name, const char* otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : value;
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

  std::map<std::string, std::string> variables{
      {"PATH", inherited("PATH", "/usr/bin:/bin")},
      {"HOME", inherited("HOME", "/")},
      {"OMP_NUM_THREADS", std::to_string(threads)},
      {"OMP_DYNAMIC", "false"},
      {"OMP_WAIT_POLICY", "active"},
      {"OMP_PROC_BIND", "false"},
      {"OPENBLAS_NUM_THREADS", std::to_string(threads)},
  };
  // libgomp binds the main thread to its place, and threads that a vendor's library starts with
  // pthreads would inherit that one CPU: only our own OpenMP teams are bound thread by thread.
  if (pinned && has_openmp_threads(arm)) {
    variables["OMP_PROC_BIND"] = "close";
    variables["OMP_PLACES"] = places(placement.cpus);
  }
  constexpr std::string_view prefix = "env.";
  for (const auto& [key, value] : arm.settings) {
    if (key.starts_with(prefix)) variables[key.substr(prefix.size())] = value;
  }
  placement.environment.assign(variables.begin(), variables.end());
  return placement;
}

}  // namespace crossover::experiments
