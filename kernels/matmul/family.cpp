#include <array>

#include "kernels/matmul/variants.h"

namespace crossover::kernels::matmul {

std::span<const Kernel> family() {
  static const std::array list = {
      naive,             //
      loop_order,        //
      blocked,           //
      register_tile,     //
      packed,            //
      parallel,          //
      parallel_spawn,    //
      simd,              //
      simd_parallel,     //
      prepacked,         //
      auto_kernel,       //
      openblas,          //
      eigen,             //
      blis,              //
      onednn,            //
      onednn_prepacked,  //
      libxsmm,           //
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
