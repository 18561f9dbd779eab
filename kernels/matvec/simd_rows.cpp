#include "kernels/matvec/simd_rows.h"

#include <algorithm>
#include <array>
#include <utility>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/matvec/simd_rows.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h must come first
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace crossover::kernels::matvec::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using Tag = hn::ScalableTag<float>;
using Vector = hn::Vec<Tag>;

constexpr Tag tag;
constexpr Index lanes = hn::MaxLanes(tag);

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

// The first `count` elements, then zeros; touches nothing behind them.
HWY_INLINE Vector load_part(const float* from, Index count) {
  if constexpr (HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2) {
    return hn::MaskedLoad(hn::FirstN(tag, static_cast<size_t>(count)), tag, from);
  }
  std::array<float, lanes> part = {};
  std::copy_n(from, count, part.begin());
  return hn::LoadU(tag, part.data());
}

// How a vector is read.
struct Whole {
  HWY_INLINE Vector operator()(const float* from) const { return hn::LoadU(tag, from); }
};
struct Part {
  Index count;
  HWY_INLINE Vector operator()(const float* from) const { return load_part(from, count); }
};

#if HWY_TARGET == HWY_SCALAR
constexpr bool has_blocks = false;
#else
constexpr bool has_blocks = true;

// The sum of all blocks of four lanes.
template <class Lanes, class Blocks>
HWY_INLINE auto sum_of_blocks(Lanes d, Blocks v) {
  if constexpr (hn::MaxLanes(d) <= 4) {
    return v;
  } else {
    const hn::Half<Lanes> half;
    return sum_of_blocks(half, hn::Add(hn::LowerHalf(half, v), hn::UpperHalf(half, v)));
  }
}

// Stores the sums over all lanes of four vectors: two steps that transpose and add at once, in
// place of four times log2(lanes) shuffles.
HWY_INLINE void store_four(const Vector* sum, float* y) {
  const hn::Repartition<double, Tag> pairs;
  const auto add_pair = [](Vector a, Vector b) HWY_ATTR {
    return hn::Add(hn::InterleaveLower(tag, a, b), hn::InterleaveUpper(tag, a, b));
  };
  const auto low = hn::BitCast(pairs, add_pair(sum[0], sum[1]));
  const auto high = hn::BitCast(pairs, add_pair(sum[2], sum[3]));
  const Vector four = hn::Add(hn::BitCast(tag, hn::InterleaveLower(pairs, low, high)),
                              hn::BitCast(tag, hn::InterleaveUpper(pairs, low, high)));
  hn::StoreU(sum_of_blocks(tag, four), hn::CappedTag<float, 4>(), y);
}
#endif

// The dot products of x with `rows` rows at once, so that x is loaded once for all of them, in
// `turns` sums each.
template <int rows, int turns>
struct RowTile {
  static constexpr auto all_rows = std::make_index_sequence<rows>();
  static constexpr auto all_sums = std::make_index_sequence<std::size_t{rows} * turns>();

  template <class Load, std::size_t... r>
  static HWY_INLINE void add(Load load, const float* a, Index stride, const float* x, Vector* sum,
                             std::index_sequence<r...>) {
    const Vector x_part = load(x);
    ((sum[r] = hn::MulAdd(load(a + r * stride), x_part, sum[r])), ...);
  }

  template <std::size_t... i>
  static HWY_INLINE void clear(Vector* sum, std::index_sequence<i...>) {
    ((sum[i] = hn::Zero(tag)), ...);
  }

  template <std::size_t... t>
  static HWY_INLINE void add_turns(const float* a, Index stride, const float* x, Vector* sum,
                                   std::index_sequence<t...>) {
    (add(Whole(), a + t * lanes, stride, x + t * lanes, sum + t * rows, all_rows), ...);
  }

  // Adds the upper half of the turns to the lower one, until one is left.
  template <int left>
  static HWY_INLINE void fold(Vector* sum) {
    if constexpr (left > 1) {
      constexpr int half = left / 2;
      add_pairs(sum, std::make_index_sequence<std::size_t{rows} * half>());
      fold<half>(sum);
    }
  }

  template <std::size_t... i>
  static HWY_INLINE void add_pairs(Vector* sum, std::index_sequence<i...> half) {
    ((sum[i] = hn::Add(sum[i], sum[i + half.size()])), ...);
  }

  static HWY_INLINE void store(const Vector* sum, float* y) {
    if constexpr (has_blocks && rows % 4 == 0) {
#if HWY_TARGET != HWY_SCALAR
      for (int r = 0; r < rows; r += 4) store_four(sum + r, y + r);
#endif
    } else {
      for (int r = 0; r < rows; ++r) y[r] = hn::GetLane(hn::SumOfLanes(tag, sum[r]));
    }
  }

  static HWY_INLINE void multiply(const float* a, const Rows& all, float* y) {
    Vector sum[rows * turns];
    clear(sum, all_sums);
    Index j = 0;
    for (; j + turns * lanes <= all.n; j += turns * lanes) {
      add_turns(a + j, all.stride, all.x + j, sum, std::make_index_sequence<turns>());
    }
    if constexpr (turns > 1) {
      for (; j + lanes <= all.n; j += lanes) {
        add(Whole(), a + j, all.stride, all.x + j, sum, all_rows);
      }
    }
    fold<turns>(sum);
    if (j < all.n) add(Part{all.n - j}, a + j, all.stride, all.x + j, sum, all_rows);
    store(sum, y);
  }
};

void multiply_rows(const Rows& r) {
  Index i = 0;
  for (; i + 8 <= r.m; i += 8) RowTile<8, 1>::multiply(r.a + i * r.stride, r, r.y + i);
  for (; i + 4 <= r.m; i += 4) RowTile<4, 2>::multiply(r.a + i * r.stride, r, r.y + i);
  for (; i < r.m; ++i) RowTile<1, 8>::multiply(r.a + i * r.stride, r, r.y + i);
}

const SimdRows& dispatched_simd_rows() {
  static constexpr SimdRows rows = {loop_name, multiply_rows};
  return rows;
}

}  // namespace crossover::kernels::matvec::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace crossover::kernels::matvec {

HWY_EXPORT(dispatched_simd_rows);

const SimdRows& simd_rows() { return HWY_DYNAMIC_DISPATCH(dispatched_simd_rows)(); }

}  // namespace crossover::kernels::matvec
#endif
