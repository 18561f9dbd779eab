#pragma once

#include <map>
#include <string>
#include <vector>

#include "harness/case.h"
#include "harness/family.h"

namespace crossover::experiments {

/// Everything that can be measured, as the planner sees it, and the factory that turns one of its
/// cells into a case. One line per family in families.cpp.
std::vector<harness::FamilyInfo> families();
harness::Case make_case(const harness::Cell& cell);

/// Used by the files of the families: traits as text, for labels and listings.
std::map<std::string, std::string> traits_text(std::string_view threading, std::string_view simd,
                                               std::string_view packing);

}  // namespace crossover::experiments
