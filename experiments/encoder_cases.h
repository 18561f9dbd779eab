#pragma once

#include "harness/case.h"
#include "harness/family.h"

namespace crossover::experiments {

/// Passes of an encoder over a batch of texts: variants are the granularities of parallelism. One
/// family per kind of weights, since each has a ceiling of its own: Q8_0 in `encoder`, those that
/// are computed in f32 in `encoder_f32`.
harness::FamilyInfo encoder_family();
harness::FamilyInfo encoder_f32_family();
harness::Case encoder_case(const harness::Cell& cell);

}  // namespace crossover::experiments
