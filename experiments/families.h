#pragma once

#include <string>
#include <vector>

#include "harness/case.h"
#include "harness/family.h"

namespace crossover::experiments {

/// Everything that can be measured, as the planner sees it, and the factory that turns one of its
/// cells into a case. One line per family in families.cpp.
std::vector<harness::FamilyInfo> families();
harness::Case make_case(const harness::Cell& cell);

/// A trait of a variant, e.g. "simd"; empty where it has none of that name, as whole passes have.
std::string trait_of(const harness::VariantInfo& variant, const std::string& name);

}  // namespace crossover::experiments
