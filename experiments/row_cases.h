#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "experiments/variant_info.h"
#include "harness/case.h"
#include "harness/family.h"

namespace crossover::experiments {

/// What families of rows and columns have in common: extents rows and cols, the tuple `shape`
/// (rows x cols), the setting isa, values for `check` and `bench`. A call takes `bytes_per_element`
/// bytes of compulsory traffic per element and, roughly, so many seconds with scalar code.
harness::FamilyInfo row_family(const std::string& name, double bytes_per_element,
                               double scalar_seconds_per_element);

/// Adds the variants of a list.
template <class Kernel>
void add_variants(harness::FamilyInfo& family, std::span<const Kernel> kernels) {
  for (const Kernel& kernel : kernels) family.variants.push_back(variant_info(kernel));
}

/// No operations are counted, since what an exponential costs is a matter of definition: rates are
/// those of the compulsory traffic, `bytes_per_element` for every element.
harness::Work row_work(const harness::Problem& problem, double bytes_per_element);

}  // namespace crossover::experiments
