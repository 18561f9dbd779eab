#include "kernels/core/kernel.h"

namespace crossover::kernels {

std::string_view to_string(Threading value) {
  switch (value) {
    case Threading::none:
      return "none";
    case Threading::openmp:
      return "openmp";
    case Threading::threads_per_call:
      return "threads_per_call";
    case Threading::vendor:
      return "vendor";
  }
  return "unknown";
}

std::string_view to_string(Simd value) {
  switch (value) {
    case Simd::none:
      return "none";
    case Simd::compiler:
      return "compiler";
    case Simd::highway:
      return "highway";
    case Simd::intrinsics:
      return "intrinsics";
    case Simd::vendor:
      return "vendor";
  }
  return "unknown";
}

std::string_view to_string(Packing value) {
  switch (value) {
    case Packing::none:
      return "none";
    case Packing::per_call:
      return "per_call";
    case Packing::prepacked:
      return "prepacked";
  }
  return "unknown";
}

}  // namespace crossover::kernels
