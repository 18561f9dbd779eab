#include <array>
#include <fmt/format.h>
#include <limits>

#include "kernels/embedding_gradient/variants.h"

namespace crossover::kernels::embedding_gradient {

std::span<const Kernel> family() {
  static const std::array list = {
      naive,          //
      sorted,         //
      simd_in_order,  //
      simd,           //
      parallel,       //
      atomic,         //
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

std::optional<std::string> why_unsupported(const Problem& problem) {
  if (problem.tokens > Index{std::numeric_limits<std::uint32_t>::max()}) {
    return fmt::format("places have 32 bits; {} tokens are too many", problem.tokens);
  }
  return why_vocabulary_unusable(problem.vocabulary, problem.tokens);
}

}  // namespace crossover::kernels::embedding_gradient
