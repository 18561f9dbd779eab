#pragma once

#include <string>

#include "kernels/core/instruction_set.h"

namespace crossover::kernels::test {

/// Restores the best instruction set, so that tests do not depend on their order.
class ForcedInstructionSet {
 public:
  explicit ForcedInstructionSet(const std::string& name) { force_instruction_set(name); }
  ~ForcedInstructionSet() { force_instruction_set(instruction_sets().front()); }
  ForcedInstructionSet(const ForcedInstructionSet&) = delete;
  ForcedInstructionSet& operator=(const ForcedInstructionSet&) = delete;
};

}  // namespace crossover::kernels::test
