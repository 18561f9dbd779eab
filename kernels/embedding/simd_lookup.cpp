#include "kernels/embedding/simd_lookup.h"

#include <algorithm>
#include <array>
#include <utility>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/embedding/simd_lookup.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h must come first
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace crossover::kernels::embedding::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using Tag = hn::ScalableTag<float>;
using Vector = hn::Vec<Tag>;

constexpr Tag tag;
constexpr Index lanes = hn::MaxLanes(tag);

#if HWY_TARGET == HWY_AVX3
constexpr const char* loop_name = "avx3";
#elif HWY_TARGET == HWY_AVX2
constexpr const char* loop_name = "avx2";
#elif HWY_TARGET == HWY_NEON
constexpr const char* loop_name = "neon";
#elif HWY_TARGET == HWY_SSE4
constexpr const char* loop_name = "sse4";
#else
constexpr const char* loop_name = "generic";
#endif

constexpr Index vectors_at_a_time = 4;

template <std::size_t... v>
HWY_INLINE void copy(const float* from, float* to, Vector scale, std::index_sequence<v...>) {
  const Vector part[] = {hn::Mul(hn::LoadU(tag, from + v * lanes), scale)...};
  (hn::StoreU(part[v], tag, to + v * lanes), ...);
}

HWY_INLINE void copy_row(const float* from, float* to, Index n, float scale) {
  const Vector scales = hn::Set(tag, scale);
  constexpr Index step = vectors_at_a_time * lanes;
  Index j = 0;
  for (; j + step <= n; j += step) {
    copy(from + j, to + j, scales, std::make_index_sequence<vectors_at_a_time>());
  }
  for (; j + lanes <= n; j += lanes) {
    copy(from + j, to + j, scales, std::make_index_sequence<1>());
  }
  for (; j < n; ++j) to[j] = scale * from[j];
}

void look_up(const Args& args) {
  const Index tokens = args.out.rows;
  const Index dim = args.out.cols;
  const TokenId* ids = args.ids.data();
  for (Index i = 0; i < tokens; ++i)
    copy_row(args.table.row(0, ids[i]), args.out.row(0, i), dim, args.scale);
}

const SimdLookup& dispatched_simd_lookup() {
  static constexpr SimdLookup lookup = {loop_name, look_up};
  return lookup;
}

}  // namespace crossover::kernels::embedding::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace crossover::kernels::embedding {

HWY_EXPORT(dispatched_simd_lookup);

const SimdLookup& simd_lookup() { return HWY_DYNAMIC_DISPATCH(dispatched_simd_lookup)(); }

}  // namespace crossover::kernels::embedding
#endif
