#pragma once

#include "harness/cell.h"
#include "harness/results/evidence.h"
#include "harness/stored_value.h"

namespace crossover::harness {

/// Extents are named by letters, digits and _, and are 0 or more.
Problem problem_from(const StoredValue& object);

Settings settings_from(const StoredValue& object);

/// Only the status and the reason: all that there is of a cell that was not calibrated.
CellFacts outcome_from(const StoredValue& row);

}  // namespace crossover::harness
