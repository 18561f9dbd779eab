#pragma once

#include <string>

#include "harness/family.h"
#include "kernels/core/kernel.h"

namespace crossover::experiments {

/// A kernel's entry as the planner sees it; available until somebody says otherwise.
template <class Problem, class Args, class Constants>
harness::VariantInfo variant_info(const kernels::Kernel<Problem, Args, Constants>& kernel) {
  harness::VariantInfo info;
  info.name = kernel.name;
  info.source = kernel.source;
  info.traits = {{"threading", std::string(kernels::to_string(kernel.traits.threading))},
                 {"simd", std::string(kernels::to_string(kernel.traits.simd))},
                 {"packing", std::string(kernels::to_string(kernel.traits.packing))}};
  info.threaded = kernel.traits.threading != kernels::Threading::none;
  return info;
}

}  // namespace crossover::experiments
