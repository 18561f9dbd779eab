#pragma once

#include <string>

#include "harness/family.h"

namespace crossover::experiments {

/// The setting `isa` of families that dispatch at run time: auto, or one instruction set.
harness::SettingInfo instruction_set_setting();

/// Makes the process use what the arm's setting `isa` says. Throws harness::Unsupported where this
/// CPU or build does not have it.
void choose_instruction_set(const harness::Arm& arm);

}  // namespace crossover::experiments
