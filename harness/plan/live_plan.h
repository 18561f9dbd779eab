#pragma once

#include "harness/plan/plan.h"

namespace crossover::harness {

/// The values of the setting `build` (program_setting, cell.h): the old program and the
/// new one.
inline const std::string build_a = "A";
inline const std::string build_b = "B";

/// The plan that compares two programs in the same blocks: every arm twice, as build=A and as
/// build=B, and each B with its own A. The variants are not compared with each other, so a section
/// that asks for a crossover or a sweep becomes a comparison. The A/A replicas stay, as build=A.
/// The experiment's name becomes "live-NAME".
Plan make_live_plan(const Plan& plan);

}  // namespace crossover::harness
