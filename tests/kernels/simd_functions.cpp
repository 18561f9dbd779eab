#include "tests/kernels/simd_functions.h"

#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tests/kernels/simd_functions.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h must come first
#include <hwy/highway.h>

#include "kernels/core/erf-inl.h"
#include "kernels/core/exp-inl.h"
#include "kernels/core/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace crossover::kernels::test::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
namespace core = kernels::HWY_NAMESPACE;
using Tag = hn::ScalableTag<float>;
using Vector = hn::Vec<Tag>;

constexpr Tag tag;

template <class Function>
HWY_INLINE void map(std::span<const float> x, std::span<float> y, const Function& function) {
  core::for_each_vector(tag, static_cast<Index>(x.size()),
                        [&](Index at, const auto& part) HWY_ATTR {
                          part.store(function(part.load(x.data() + at)), y.data() + at);
                        });
}

void exp_of(std::span<const float> x, std::span<float> y) {
  map(x, y, [](Vector v) HWY_ATTR { return core::exp(tag, v); });
}

void exp_nonpositive_of(std::span<const float> x, std::span<float> y) {
  map(x, y, [](Vector v) HWY_ATTR { return core::exp_nonpositive(tag, v); });
}

void erf_of(std::span<const float> x, std::span<float> y) {
  map(x, y, [](Vector v) HWY_ATTR { return core::erf(tag, v); });
}

float sum_of(std::span<const float> x) {
  return core::sum_of_row(tag, static_cast<Index>(x.size()),
                          [&](Vector sum, Index at, const auto& part)
                              HWY_ATTR { return hn::Add(sum, part.load(x.data() + at)); });
}

float max_of(std::span<const float> x) {
  const Vector start = hn::Set(tag, std::numeric_limits<float>::lowest());
  const Vector largest = core::fold_row<4>(
      tag, static_cast<Index>(x.size()), start,
      [&](Vector max, Index at, const auto& part)
          HWY_ATTR { return hn::Max(max, part.or_else(part.load(x.data() + at), start)); },
      [](Vector a, Vector b) HWY_ATTR { return hn::Max(a, b); });
  return hn::GetLane(hn::MaxOfLanes(tag, largest));
}

}  // namespace crossover::kernels::test::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace crossover::kernels::test {

HWY_EXPORT(exp_of);
HWY_EXPORT(exp_nonpositive_of);
HWY_EXPORT(erf_of);
HWY_EXPORT(sum_of);
HWY_EXPORT(max_of);

void exp_of(std::span<const float> x, std::span<float> y) { HWY_DYNAMIC_DISPATCH(exp_of)(x, y); }

void exp_nonpositive_of(std::span<const float> x, std::span<float> y) {
  HWY_DYNAMIC_DISPATCH(exp_nonpositive_of)(x, y);
}

void erf_of(std::span<const float> x, std::span<float> y) { HWY_DYNAMIC_DISPATCH(erf_of)(x, y); }

float sum_of(std::span<const float> x) { return HWY_DYNAMIC_DISPATCH(sum_of)(x); }

float max_of(std::span<const float> x) { return HWY_DYNAMIC_DISPATCH(max_of)(x); }

}  // namespace crossover::kernels::test
#endif
