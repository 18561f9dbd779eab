#include <array>

#include "kernels/rope/variants.h"

namespace crossover::kernels::rope {

std::span<const Kernel> family() {
  static const std::array list = {
      naive,          //
      cached,         //
      parallel,       //
      simd,           //
      simd_computed,  //
      simd_parallel,  //
  };
  return list;
}

const Kernel* find(std::string_view name) {
  for (const Kernel& kernel : family()) {
    if (kernel.name == name) return &kernel;
  }
  return nullptr;
}

}  // namespace crossover::kernels::rope
