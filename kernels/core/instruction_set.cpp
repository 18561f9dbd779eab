#include "kernels/core/instruction_set.h"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <fmt/format.h>
#include <hwy/targets.h>
#include <stdexcept>

namespace crossover::kernels {
namespace {

std::string lower_case_name(std::int64_t target) {
  std::string name = hwy::TargetName(target);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return name;
}

// Targets that the CPU supports, whatever is forced now; detected once.
const std::vector<std::int64_t>& cpu_targets() {
  static const std::vector<std::int64_t> targets = hwy::SupportedAndGeneratedTargets();
  return targets;
}

}  // namespace

std::vector<std::string> instruction_sets() {
  std::vector<std::string> names;
  for (const std::int64_t target : cpu_targets()) names.push_back(lower_case_name(target));
  return names;
}

std::string instruction_set() {
  cpu_targets();
  return lower_case_name(hwy::SupportedAndGeneratedTargets().front());
}

void force_instruction_set(std::string_view name) {
  std::string legal;
  for (const std::int64_t target : cpu_targets()) {
    const std::string target_name = lower_case_name(target);
    if (name == target_name || (name == "avx512" && target_name == "avx3")) {
      hwy::SetSupportedTargetsForTest(target);
      hwy::GetChosenTarget().Update(target);
      return;
    }
    legal += (legal.empty() ? "" : ", ") + target_name;
    if (target_name == "avx3") legal += " (or avx512)";
  }
  throw std::invalid_argument(
      fmt::format("instruction set '{}' cannot run here; expected one of: {}", name, legal));
}

}  // namespace crossover::kernels
