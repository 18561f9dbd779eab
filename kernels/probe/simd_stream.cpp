#include "kernels/probe/simd_stream.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include "kernels/probe/variants.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/probe/simd_stream.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h must come first
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace crossover::kernels::probe::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using Tag = hn::ScalableTag<std::uint64_t>;
using Vector = hn::Vec<Tag>;

constexpr Tag tag;
constexpr Index lanes = hn::MaxLanes(tag);
constexpr Index group = 4;  // vectors that are on their way before the first one is used
constexpr Index group_words = group * lanes;
constexpr auto in_group = std::make_index_sequence<group>();
static_assert(words_per_block % group_words == 0);

#if HWY_TARGET == HWY_AVX3
constexpr const char* loops_name = "avx3 2x4x8";
#elif HWY_TARGET == HWY_AVX2
constexpr const char* loops_name = "avx2 2x4x4";
#elif HWY_TARGET == HWY_NEON
constexpr const char* loops_name = "neon 2x4x2";
#elif HWY_TARGET == HWY_SSE4
constexpr const char* loops_name = "sse4 2x4x2";
#else
constexpr const char* loops_name = "generic";
#endif

/// What is done with the words at one place: they are summed, and copied unless `to` is null.
template <bool copies, std::size_t... i>
HWY_INLINE void take_group(std::index_sequence<i...>, const std::uint64_t* HWY_RESTRICT words,
                           std::uint64_t* HWY_RESTRICT to, Vector* sums) {
  const Vector loaded[] = {hn::LoadU(tag, words + static_cast<Index>(i) * lanes)...};
  if constexpr (copies) (hn::StoreU(loaded[i], tag, to + static_cast<Index>(i) * lanes), ...);
  ((sums[i] = hn::Add(sums[i], loaded[i])), ...);
}

template <bool copies>
HWY_INLINE std::uint64_t* place(std::uint64_t* to, Index offset) {
  return copies ? to + offset : nullptr;
}

/// The same blocks of both halves.
template <bool copies>
HWY_INLINE void take_pairs(const std::uint64_t* words, std::uint64_t* to, Index second, Index count,
                           Vector* sums) {
  for (Index w = 0; w < count * words_per_block; w += group_words) {
    take_group<copies>(in_group, words + w, place<copies>(to, w), sums);
    take_group<copies>(in_group, words + second + w, place<copies>(to, second + w), sums + group);
  }
}

template <bool copies>
std::uint64_t go(const std::uint64_t* words, std::uint64_t* to, const Walk& walk) {
  Vector sums[2 * group];
  for (Vector& sum : sums) sum = hn::Zero(tag);
  const Index second = walk.half * words_per_block;
  Index at = walk.first % walk.half;
  for (Index pairs = walk.blocks / 2; pairs > 0;) {
    const Index count = std::min(pairs, walk.half - at);
    const Index offset = at * words_per_block;
    take_pairs<copies>(words + offset, place<copies>(to, offset), second, count, sums);
    pairs -= count;
    at = (at + count) % walk.half;
  }
  if (walk.blocks % 2 != 0) {
    for (Index w = at * words_per_block; w < (at + 1) * words_per_block; w += group_words) {
      take_group<copies>(in_group, words + w, place<copies>(to, w), sums);
    }
  }
  std::uint64_t total = 0;
  for (const Vector& sum : sums) {
    std::array<std::uint64_t, lanes> values;
    hn::StoreU(sum, tag, values.data());
    total = std::accumulate(values.begin(), values.end(), total);
  }
  return total;
}

std::uint64_t read(const std::uint64_t* words, const Walk& walk) {
  return go<false>(words, nullptr, walk);
}

std::uint64_t copy(const std::uint64_t* words, std::uint64_t* to, const Walk& walk) {
  return go<true>(words, to, walk);
}

const StreamLoops& dispatched_stream_loops() {
  static constexpr StreamLoops loops = {loops_name, read, copy};
  return loops;
}

}  // namespace crossover::kernels::probe::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace crossover::kernels::probe {

HWY_EXPORT(dispatched_stream_loops);

const StreamLoops& stream_loops() { return HWY_DYNAMIC_DISPATCH(dispatched_stream_loops)(); }

}  // namespace crossover::kernels::probe
#endif
