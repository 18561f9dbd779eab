#include <array>

#include "kernels/activation/variants.h"

namespace crossover::kernels::activation {

std::span<const Kernel> family() {
  static const std::array list = {naive, parallel, simd, simd_parallel};
  return list;
}

const Kernel* find(std::string_view name) {
  for (const Kernel& kernel : family()) {
    if (kernel.name == name) return &kernel;
  }
  return nullptr;
}

}  // namespace crossover::kernels::activation
