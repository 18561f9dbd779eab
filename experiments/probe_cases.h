#pragma once

#include "harness/case.h"
#include "harness/family.h"

namespace crossover::experiments {

/// The family "probe": what this machine can reach at most, and what OpenMP costs on it, measured
/// like any kernel. Extents iterations (of fma_f32, int8_dot and stream_read, per thread) and
/// constructs (of the fork-join probes; 1 unless given); setting isa.
harness::FamilyInfo probe_family();

/// Throws harness::Unsupported where memory is too short for what stream_read reads.
harness::Case probe_case(const harness::Cell& cell);

}  // namespace crossover::experiments
