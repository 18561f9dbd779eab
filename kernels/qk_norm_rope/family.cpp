#include <array>

#include "kernels/qk_norm_rope/variants.h"

namespace crossover::kernels::qk_norm_rope {

std::span<const Kernel> family() {
  static const std::array list = {
      separate,                //
      fused,                   //
      separate_simd,           //
      fused_simd,              //
      separate_simd_parallel,  //
      fused_simd_parallel,     //
  };
  return list;
}

const Kernel* find(std::string_view name) {
  for (const Kernel& kernel : family()) {
    if (kernel.name == name) return &kernel;
  }
  return nullptr;
}

}  // namespace crossover::kernels::qk_norm_rope
