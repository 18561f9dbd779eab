#include "kernels/dot/simd_pairs.h"

#include <algorithm>
#include <array>
#include <utility>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/dot/simd_pairs.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h must come first
#include <hwy/highway.h>

#include "kernels/core/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace crossover::kernels::dot::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
namespace core = kernels::HWY_NAMESPACE;
using Tag = hn::ScalableTag<float>;
using Vector = hn::Vec<Tag>;

constexpr Tag tag;
constexpr Index lanes = hn::MaxLanes(tag);

// A multiply-add takes four cycles and two start in each, so eight sums would do if every one were
// on time.
constexpr Index sums = 8;
#if HWY_TARGET == HWY_AVX3
constexpr const char* loop_name = "avx3 8x16";
#elif HWY_TARGET == HWY_AVX2
constexpr const char* loop_name = "avx2 8x8";
#elif HWY_TARGET == HWY_NEON
constexpr const char* loop_name = "neon 8x4";
#elif HWY_TARGET == HWY_SSE4
constexpr const char* loop_name = "sse4 8x4";
#else
constexpr const char* loop_name = "generic";
#endif

// Adds as many vectors of products as there are numbers s, each to a sum of its own.
template <std::size_t... s>
HWY_INLINE void add(const float* x, const float* y, Vector* sum, std::index_sequence<s...>) {
  ((sum[s] = hn::MulAdd(hn::LoadU(tag, x + s * lanes), hn::LoadU(tag, y + s * lanes), sum[s])),
   ...);
}

template <std::size_t... s>
HWY_INLINE void clear(Vector* sum, std::index_sequence<s...>) {
  ((sum[s] = hn::Zero(tag)), ...);
}

// Adds the upper half of 2*half sums to the lower one.
template <std::size_t... s>
HWY_INLINE void fold(Vector* sum, std::index_sequence<s...> half) {
  ((sum[s] = hn::Add(sum[s], sum[s + half.size()])), ...);
}

HWY_INLINE float multiply(const float* x, const float* y, Index n) {
  Vector sum[sums];
  clear(sum, std::make_index_sequence<sums>());
  Index i = 0;
  for (; i + sums * lanes <= n; i += sums * lanes) {
    add(x + i, y + i, sum, std::make_index_sequence<sums>());
  }
  // What is left in pieces of half the size each: no sum waits for another one.
  if (i + 4 * lanes <= n) {
    add(x + i, y + i, sum, std::make_index_sequence<4>());
    i += 4 * lanes;
  }
  if (i + 2 * lanes <= n) {
    add(x + i, y + i, sum + 4, std::make_index_sequence<2>());
    i += 2 * lanes;
  }
  if (i + lanes <= n) {
    add(x + i, y + i, sum + 6, std::make_index_sequence<1>());
    i += lanes;
  }
  if (i < n) {
    const core::PartOfVector<Tag> part(n - i);
    sum[7] = hn::MulAdd(part.load(x + i), part.load(y + i), sum[7]);
  }
  fold(sum, std::make_index_sequence<4>());
  fold(sum, std::make_index_sequence<2>());
  fold(sum, std::make_index_sequence<1>());
  return hn::GetLane(hn::SumOfLanes(tag, sum[0]));
}

void multiply_pairs(const Pairs& p) {
  for (Index b = 0; b < p.pairs; ++b) {
    p.result[b] = multiply(p.x + b * p.x_stride, p.y + b * p.y_stride, p.n);
  }
}

const SimdPairs& dispatched_simd_pairs() {
  static constexpr SimdPairs pairs = {loop_name, multiply_pairs};
  return pairs;
}

}  // namespace crossover::kernels::dot::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace crossover::kernels::dot {

HWY_EXPORT(dispatched_simd_pairs);

const SimdPairs& simd_pairs() { return HWY_DYNAMIC_DISPATCH(dispatched_simd_pairs)(); }

}  // namespace crossover::kernels::dot
#endif
