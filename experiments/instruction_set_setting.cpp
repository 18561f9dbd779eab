#include "experiments/instruction_set_setting.h"

#include <algorithm>
#include <vector>

#include "harness/case.h"
#include "kernels/core/instruction_set.h"

namespace crossover::experiments {

harness::SettingInfo instruction_set_setting() {
  return {"isa", {"auto", "avx3", "avx2", "sse4", "neon", "scalar"}, false};
}

void choose_instruction_set(const harness::Arm& arm) {
  const std::string& name = arm.settings.at("isa");
  if (name == "auto") return;
  const std::vector<std::string> present = kernels::instruction_sets();
  if (std::find(present.begin(), present.end(), name) == present.end()) {
    throw harness::Unsupported("this CPU or build has no " + name);
  }
  kernels::force_instruction_set(name);
}

}  // namespace crossover::experiments
