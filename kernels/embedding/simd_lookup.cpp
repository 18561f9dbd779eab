#include "kernels/embedding/simd_lookup.h"

#include <algorithm>
#include <utility>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/embedding/simd_lookup.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h must come first
#include <hwy/cache_control.h>
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

// While a row is copied the one after the next is fetched: rows lie anywhere in the table, and no
// prefetcher of the CPU knows the next one. Rows that were not near took 0.6 to 0.9 of the time
// (128 and 1024 of 768 floats, a table of 100 MB), those in L2 5% more.
constexpr Index rows_ahead = 2;

template <std::size_t... v>
HWY_INLINE void copy(const float* from, const float* ahead, float* to, Vector scale,
                     std::index_sequence<v...>) {
  const Vector part[] = {hn::Mul(hn::LoadU(tag, from + v * lanes), scale)...};
  (hwy::Prefetch(ahead + v * lanes), ...);
  (hn::StoreU(part[v], tag, to + v * lanes), ...);
}

HWY_INLINE void copy_row(const float* from, const float* ahead, float* to, Index n, float scale) {
  const Vector scales = hn::Set(tag, scale);
  constexpr Index step = vectors_at_a_time * lanes;
  Index j = 0;
  for (; j + step <= n; j += step) {
    copy(from + j, ahead + j, to + j, scales, std::make_index_sequence<vectors_at_a_time>());
  }
  for (; j + lanes <= n; j += lanes) {
    copy(from + j, ahead + j, to + j, scales, std::make_index_sequence<1>());
  }
  for (; j < n; ++j) to[j] = scale * from[j];
}

void look_up(const Args& args) {
  const Index tokens = args.out.rows;
  const TokenId* ids = args.ids.data();
  for (Index i = 0; i < tokens; ++i) {
    const Index later = std::min(i + rows_ahead, tokens - 1);
    copy_row(args.table.row(0, ids[i]), args.table.row(0, ids[later]), args.out.row(0, i),
             args.out.cols, args.scale);
  }
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
