#include <array>

#include "kernels/embedding/variants.h"

namespace crossover::kernels::embedding {

std::span<const Kernel> family() {
  static const std::array list = {
      naive,          //
      memcpy_rows,    //
      simd,           //
      parallel,       //
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

}  // namespace crossover::kernels::embedding
