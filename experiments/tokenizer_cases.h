#pragma once

#include "harness/case.h"
#include "harness/family.h"

namespace crossover::experiments {

/// Texts to token ids, with and without a cache of texts seen before.
harness::FamilyInfo tokenizer_family();
harness::Case tokenizer_case(const harness::Cell& cell);

}  // namespace crossover::experiments
