#pragma once

#include <string>
#include <vector>

#include "kernels/core/instruction_set.h"
#include "kernels/core/kernel.h"

namespace crossover::kernels::test {

/// The instruction sets that make a difference to a variant.
inline std::vector<std::string> instruction_sets_of(const Traits& traits) {
  if (traits.simd == Simd::none || traits.simd == Simd::vendor) return {instruction_sets().front()};
  return instruction_sets();
}

/// Fewer threads than cores, and more.
inline std::vector<int> thread_counts_of(const Traits& traits) {
  if (traits.threading == Threading::none) return {1};
  return {1, 2, 3, 5};
}

/// The variants of a family as parameters of tests.
template <class Kernels>
auto pointers_to(const Kernels& family) {
  std::vector<typename Kernels::pointer> pointers;
  for (const auto& kernel : family) pointers.push_back(&kernel);
  return pointers;
}

/// Name of a test's instance.
struct NameOfKernel {
  template <class Info>
  std::string operator()(const Info& instance) const {
    return std::string(instance.param->name);
  }
};

}  // namespace crossover::kernels::test
