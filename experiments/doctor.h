#pragma once

#include <string>
#include <vector>

#include "harness/json.h"
#include "harness/plan/plan.h"
#include "harness/results/evidence.h"
#include "harness/worker/machine.h"
#include "harness/worker/machine_health.h"

namespace crossover::experiments {

/// What the doctor measures: the ceilings per thread count and instruction set, the cost of a
/// parallel region with active and passive waiting, calls that do nothing, and a kernel against
/// itself. `quick` takes fewer launches.
harness::Plan doctor_plan(int cores, bool quick);

/// Everything that was found, as a document: machine, state, ceilings, fork_join, harness, noise,
/// warnings. `evidence` holds one element per section of the plan.
harness::Json doctor_report(const harness::Machine& machine, const harness::MachineState& state,
                            const harness::Plan& plan,
                            const std::vector<harness::Evidence>& evidence);

/// The report for a person.
std::string doctor_text(const harness::Json& report);

}  // namespace crossover::experiments
