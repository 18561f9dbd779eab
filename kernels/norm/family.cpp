#include <array>

#include "kernels/norm/variants.h"

namespace crossover::kernels::norm {
namespace {

std::span<const Kernel> rms_kernels() {
  static const std::array list = {rms::naive, rms::parallel, rms::simd, rms::simd_parallel};
  return list;
}

std::span<const Kernel> layer_kernels() {
  static const std::array list = {layer::naive, layer::parallel, layer::simd, layer::simd_parallel};
  return list;
}

const Kernel* find_in(std::span<const Kernel> list, std::string_view name) {
  for (const Kernel& kernel : list) {
    if (kernel.name == name) return &kernel;
  }
  return nullptr;
}

const Kernel* find_rms(std::string_view name) { return find_in(rms_kernels(), name); }
const Kernel* find_layer(std::string_view name) { return find_in(layer_kernels(), name); }

}  // namespace

constinit const Family rms_norm = {rms_kernels, find_rms};
constinit const Family layer_norm = {layer_kernels, find_layer};

}  // namespace crossover::kernels::norm
