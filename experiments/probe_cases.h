#pragma once

#include <cstdint>

#include "harness/case.h"
#include "harness/family.h"
#include "harness/plan/plan.h"

namespace crossover::experiments {

/// What a ceiling is measured with: 1.5e8 operations or 25 MB per thread, which take about a
/// millisecond on any current core.
inline constexpr std::int64_t ceiling_iterations = 100'000;

/// The family "probe": what this machine can reach at most, and what OpenMP costs on it, measured
/// like any kernel. Extents iterations (of fma_f32, int8_dot and stream_read, per thread;
/// ceiling_iterations unless given) and constructs (of the fork-join probes; 1 unless given);
/// setting isa.
harness::FamilyInfo probe_family();

/// Throws harness::Unsupported where memory is too short for what stream_read reads.
harness::Case probe_case(const harness::Cell& cell);

/// The ceilings are measured before, between and after the sections, this many launches each time:
/// a machine that slows down in mid-run slows its ceiling down as well.
inline constexpr int launches_per_ceiling = 3;

/// The section that measures the FMA peak at every thread count of the plan, up to the cores. For
/// the predictions of crossover sections also what a parallel region costs each of their OpenMP
/// teams (threads, pinning and environment as in the arm), and the bandwidth where operands may
/// come from memory.
harness::SectionPlan ceilings_plan(const harness::Plan& plan);

}  // namespace crossover::experiments
