#include <array>

#include "kernels/attention/variants.h"

namespace crossover::kernels::attention {

std::span<const Kernel> family() {
  static const std::array list = {
      naive,              //
      parallel,           //
      batched_matmul,     //
      blocked,            //
      flash,              //
      simd,               //
      simd_parallel,      //
      composed_openblas,  //
      composed_onednn,    //
  };
  return list;
}

const Kernel* find(std::string_view name) {
  for (const Kernel& kernel : family()) {
    if (kernel.name == name) return &kernel;
  }
  return nullptr;
}

}  // namespace crossover::kernels::attention
