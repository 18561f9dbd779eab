#pragma once

#include "harness/case.h"
#include "harness/family.h"

namespace crossover::experiments {

/// From a model's file to the embedding of a text: variants are how far back a call begins. The
/// file is in the page cache, since reading it first is not repeatable.
harness::FamilyInfo cold_start_family();
harness::Case cold_start_case(const harness::Cell& cell);

}  // namespace crossover::experiments
