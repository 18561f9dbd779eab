#include <array>

#include "kernels/matvec/variants.h"

namespace crossover::kernels::matvec {

std::span<const Kernel> family() {
  static const std::array list = {
      naive,          //
      simd,           //
      parallel,       //
      simd_parallel,  //
      openblas,       //
  };
  return list;
}

const Kernel* find(std::string_view name) {
  for (const Kernel& kernel : family()) {
    if (kernel.name == name) return &kernel;
  }
  return nullptr;
}

}  // namespace crossover::kernels::matvec
