#include "kernels/embedding_gradient/simd_sums.h"

#include <array>
#include <utility>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/embedding_gradient/simd_sums.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h must come first
#include <hwy/cache_control.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace crossover::kernels::embedding_gradient::HWY_NAMESPACE {

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

// Rows that one pass over the sum adds.
constexpr std::size_t rows_at_a_time = 4;

using RowPointers = std::array<const float*, rows_at_a_time>;

// What one pass adds, and as many rows that come after. Rows lie where the text has them: none
// follows the one before, and no prefetcher of the CPU knows the next one.
struct Pass {
  RowPointers rows = {};
  RowPointers next = {};
};

// Writes the sum of the rows r..., in that order, or adds them to what is there.
template <bool accumulate, std::size_t... r>
HWY_INLINE void sum_rows(const Pass& pass, Index n, float* to, std::index_sequence<r...>) {
  const RowPointers& rows = pass.rows;
  constexpr std::size_t first = accumulate ? 0 : 1;
  Index j = 0;
  for (; j + lanes <= n; j += lanes) {
    Vector sum = hn::LoadU(tag, accumulate ? to + j : rows[0] + j);
    ((sum = r < first ? sum : hn::Add(sum, hn::LoadU(tag, rows[r] + j))), ...);
    (hwy::Prefetch(pass.next[r] + j), ...);
    hn::StoreU(sum, tag, to + j);
  }
  for (; j < n; ++j) {
    float sum = accumulate ? to[j] : rows[0][j];
    ((sum = r < first ? sum : sum + rows[r][j]), ...);
    to[j] = sum;
  }
}

template <bool accumulate, std::size_t count>
void sum_rows_of(const Pass& pass, Index n, float* to) {
  sum_rows<accumulate>(pass, n, to, std::make_index_sequence<count>());
}

template <bool accumulate>
constexpr std::array<void (*)(const Pass&, Index, float*), rows_at_a_time> by_count = {
    &sum_rows_of<accumulate, 1>, &sum_rows_of<accumulate, 2>, &sum_rows_of<accumulate, 3>,
    &sum_rows_of<accumulate, 4>};

void add_row(const float* from, Index n, float* to) {
  sum_rows_of<true, 1>({{from}, {from}}, n, to);
}

void sum_group(const Args& args, std::span<const SortedToken> tokens, std::size_t count,
               Range columns, float* to) {
  const auto row = [&](std::size_t i) {
    return args.upstream.row(0, tokens[std::min(i, tokens.size() - 1)].token) + columns.begin;
  };
  for (std::size_t i = 0; i < count; i += rows_at_a_time) {
    const std::size_t rows = std::min(rows_at_a_time, count - i);
    Pass pass;
    for (std::size_t r = 0; r < rows; ++r) {
      pass.rows[r] = row(i + r);
      pass.next[r] = row(i + r + rows_at_a_time);
    }
    const auto& sums = i == 0 ? by_count<false> : by_count<true>;
    sums[rows - 1](pass, columns.size(), to);
  }
}

const SimdSums& dispatched_simd_sums() {
  static constexpr SimdSums sums = {loop_name, add_row, sum_group};
  return sums;
}

}  // namespace crossover::kernels::embedding_gradient::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace crossover::kernels::embedding_gradient {

HWY_EXPORT(dispatched_simd_sums);

const SimdSums& simd_sums() { return HWY_DYNAMIC_DISPATCH(dispatched_simd_sums)(); }

}  // namespace crossover::kernels::embedding_gradient
#endif
