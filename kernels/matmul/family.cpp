#include <array>

#include "kernels/matmul/variants.h"

namespace crossover::kernels::matmul {

std::span<const Kernel> family() {
  static const std::array list = {
      naive,          //
      blocked,        //
      parallel,       //
      simd,           //
      simd_parallel,  //
      openblas,       //
      eigen,          //
      auto_kernel,    //
  };
  return list;
}

const Kernel* find(std::string_view name) {
  for (const Kernel& kernel : family()) {
    if (kernel.name == name) return &kernel;
  }
  return nullptr;
}

}  // namespace crossover::kernels::matmul
