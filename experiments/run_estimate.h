#pragma once

#include <vector>

#include "harness/family.h"
#include "harness/plan/plan.h"

namespace crossover::experiments {

/// Where the seconds of something lie.
struct SecondsRange {
  double least = 0;
  double most = 0;

  SecondsRange& operator+=(const SecondsRange& other);
};

/// What the section takes, from rough rates: nothing has been measured yet. At least its checks and
/// the launches up to the first look; at most those up to the last one, and those that sharpen
/// crossings. Its budget, which leaves out cells that would not fit, bounds both.
SecondsRange estimate(const harness::SectionPlan& section, const harness::FamilyInfo& family);

/// What is added once per run: the ceilings, and drawing the figures.
SecondsRange estimate_beside_sections(const harness::Plan& plan,
                                      const std::vector<harness::FamilyInfo>& families);

}  // namespace crossover::experiments
