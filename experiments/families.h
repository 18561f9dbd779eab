#pragma once

#include <vector>

#include "harness/case.h"
#include "harness/family.h"

namespace crossover::experiments {

/// Everything that can be measured, as the planner sees it, and the factory that turns one of its
/// cells into a case. One line per family in families.cpp.
std::vector<harness::FamilyInfo> families();
harness::Case make_case(const harness::Cell& cell);

}  // namespace crossover::experiments
