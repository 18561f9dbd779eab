#pragma once

#include <cstdint>
#include <optional>

#include "harness/case.h"
#include "harness/family.h"
#include "harness/plan/plan.h"

namespace crossover::experiments {

/// What a ceiling is measured with: 1.5e8 operations or 25 MB per thread, which take about a
/// millisecond on any current core.
inline constexpr std::int64_t ceiling_iterations = 100'000;

/// The family "probe": what this machine can reach at most, and what OpenMP costs on it, measured
/// like any kernel. Extents iterations (of arithmetic and memory, per thread; ceiling_iterations
/// unless given), constructs (of the fork-join probes; 1 unless given) and kib (of memory that each
/// thread goes through; 0, which is the default, for more than the last-level cache); setting isa.
harness::FamilyInfo probe_family();

/// Throws harness::Unsupported where memory is too short for what a probe goes through.
harness::Case probe_case(const harness::Cell& cell);

/// The ceilings are measured before, between and after the sections, this many launches each time:
/// a machine that slows down in mid-run slows its ceiling down as well. The bandwidth of the
/// caches, which takes a second each time, is measured before and after all of them.
inline constexpr int launches_per_ceiling = 3;

/// The section that measures the FMA peak at every thread count of the plan, up to the cores. For
/// the predictions of crossover sections also what a parallel region costs each of their OpenMP
/// teams (threads, pinning and environment as in the arm). Beside them the bandwidth of memory
/// where operands may come from there, and the probes that bound the plan's families.
harness::SectionPlan ceilings_plan(const harness::Plan& plan);

/// The section that measures the bandwidth of the caches at a few working sets, with the probes
/// that bound the plan's families; nullopt where these are bounded by arithmetic, or all operands
/// are cold.
std::optional<harness::SectionPlan> bandwidth_plan(const harness::Plan& plan);

/// Puts both before the sections of the plan.
void add_ceilings(harness::Plan& plan);

}  // namespace crossover::experiments
