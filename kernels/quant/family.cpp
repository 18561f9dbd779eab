#include <array>

#include "kernels/quant/variants.h"

namespace crossover::kernels::quant {

std::span<const Variant> family() {
  static const std::array list = {
      naive,                  //
      blocked,                //
      dequantise_first,       //
      dequantise_first_simd,  //
      simd_rows,              //
      simd_panels,            //
      simd,                   //
      simd_parallel,          //
      prepacked,              //
      prepacked_parallel,     //
  };
  return list;
}

const Variant* find(std::string_view name) {
  for (const Variant& variant : family()) {
    if (variant.kernel.name == name) return &variant;
  }
  return nullptr;
}

}  // namespace crossover::kernels::quant
