#pragma once

#include <cstddef>
#include <span>

#include "harness/run/stopping.h"

namespace crossover::harness {

/// The cells of all sections that a gate will judge: comparisons times problems, as planned.
std::size_t gate_cells(std::span<const SectionPlan> sections);

/// The stopping rule of a gate at that margin over so many cells: a problem needs more launches
/// while one of its comparisons is undecided. Deciding at every look does not inflate the error
/// rate, since the intervals are simultaneous over the looks as well (gate_interval()).
StoppingRule gate_stopping(std::size_t cells, double margin);

}  // namespace crossover::harness
