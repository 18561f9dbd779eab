#pragma once

#include "harness/case.h"
#include "harness/plan/plan.h"

namespace crossover::experiments {

/// The family "probe": what this machine can reach at most, measured like any kernel.
harness::FamilyInfo probe_family();
harness::Case probe_case(const harness::Cell& cell);

/// The ceilings are measured before, between and after the sections, this many launches each time:
/// a machine that slows down in mid-run slows its ceiling down as well.
inline constexpr int launches_per_ceiling = 3;

/// The section that measures the FMA peak at every thread count of the plan, up to the cores.
harness::SectionPlan ceilings_plan(const harness::Plan& plan);

}  // namespace crossover::experiments
