#pragma once

#include "harness/json.h"
#include "harness/plan/plan.h"
#include "harness/results/evidence.h"

namespace crossover::harness {

/// What the probes of the ceilings section reached, by variant (results/README.md has the schema):
/// a rate in operations or bytes per second, or seconds per construct where a probe does no work
/// but forks and joins. A ceiling is that of the best launch, because what disturbs a machine can
/// only lower it; the cost of a construct is the median over launches, because kernels pay it as it
/// comes.
Json ceilings_json(const SectionPlan& section, const Evidence& evidence);

}  // namespace crossover::harness
