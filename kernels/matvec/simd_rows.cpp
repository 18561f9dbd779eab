#include "kernels/matvec/simd_rows.h"

#include <algorithm>
#include <array>
#include <utility>

#include "kernels/core/cpu_caches.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/matvec/simd_rows.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h must come first
#include <hwy/highway.h>

#include "kernels/core/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace crossover::kernels::matvec::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
namespace core = kernels::HWY_NAMESPACE;
using Tag = hn::ScalableTag<float>;
using Vector = hn::Vec<Tag>;
using Part = core::PartOfVector<Tag>;
using Whole = core::WholeVector<Tag>;

constexpr Tag tag;
constexpr Index lanes = hn::MaxLanes(tag);

#if HWY_TARGET == HWY_SCALAR
HWY_INLINE void store_four(const Vector* sum, float* y) {
  for (int r = 0; r < 4; ++r) y[r] = hn::GetLane(sum[r]);
}
#else
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

HWY_INLINE Vector add_neighbours(Vector a, Vector b) {
  return hn::Add(hn::InterleaveLower(tag, a, b), hn::InterleaveUpper(tag, a, b));
}

// Stores the sums over all lanes of four vectors: two steps that transpose and add at once, in
// place of four times as many shuffles as a vector can be halved.
HWY_INLINE void store_four(const Vector* sum, float* y) {
  const hn::Repartition<double, Tag> pairs;
  const auto low = hn::BitCast(pairs, add_neighbours(sum[0], sum[1]));
  const auto high = hn::BitCast(pairs, add_neighbours(sum[2], sum[3]));
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

  template <class P, std::size_t... r>
  static HWY_INLINE void add(const P& part, const float* a, Index stride, const float* x,
                             Vector* sum, std::index_sequence<r...>) {
    const Vector x_part = part.load(x);
    ((sum[r] = hn::MulAdd(part.load(a + r * stride), x_part, sum[r])), ...);
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

  template <std::size_t... i>
  static HWY_INLINE void add_halves(Vector* sum, std::index_sequence<i...> half) {
    ((sum[i] = hn::Add(sum[i], sum[i + half.size()])), ...);
  }

  // Adds the upper half of the turns to the lower one, until one is left.
  template <int left>
  static HWY_INLINE void fold(Vector* sum) {
    if constexpr (left > 1) {
      add_halves(sum, std::make_index_sequence<std::size_t{rows} * (left / 2)>());
      fold<left / 2>(sum);
    }
  }

  template <std::size_t... r>
  static HWY_INLINE void copy(const Vector* sum, Vector* total, std::index_sequence<r...>) {
    ((total[r] = sum[r]), ...);
  }

  // Writes to total a vector for each row whose lanes add up to its product.
  static HWY_INLINE void multiply(const Rows& all, const float* a, Vector* total) {
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
    if (j < all.n) add(Part(all.n - j), a + j, all.stride, all.x + j, sum, all_rows);
    copy(sum, total, all_rows);
  }
};

HWY_INLINE void multiply_four_rows(const Rows& r, Index i) {
  Vector total[4];
  RowTile<4, 2>::multiply(r, r.a + i * r.stride, total);
  store_four(total, r.y + i);
}

HWY_INLINE void multiply_one_row(const Rows& r, Index i) {
  Vector total[1];
  RowTile<1, 4>::multiply(r, r.a + i * r.stride, total);
  r.y[i] = hn::GetLane(hn::SumOfLanes(tag, total[0]));
}

void multiply_eight(const Rows& r) {
  Index i = 0;
  for (; i + 8 <= r.m; i += 8) {
    Vector total[8];
    RowTile<8, 1>::multiply(r, r.a + i * r.stride, total);
    store_four(total, r.y + i);
    store_four(total + 4, r.y + i + 4);
  }
  for (; i + 4 <= r.m; i += 4) multiply_four_rows(r, i);
  for (; i < r.m; ++i) multiply_one_row(r, i);
}

void multiply_four(const Rows& r) {
  Index i = 0;
  for (; i + 4 <= r.m; i += 4) multiply_four_rows(r, i);
  for (; i < r.m; ++i) multiply_one_row(r, i);
}

// All rows by the same few instructions, each of which walks through the whole of A: the prefetcher
// of L1 goes by instruction. Two copies of this loop that take turns read L2 at 117 GB/s, one at
// 190.
void multiply_one(const Rows& r) {
  Vector total[4];
  const Index fours = r.m / 4 * 4;
  for (Index i = 0; i < fours; ++i) {
    RowTile<1, 4>::multiply(r, r.a + i * r.stride, total + i % 4);
    if (i % 4 == 3) store_four(total, r.y + i - 3);
  }
  for (Index i = fours; i < r.m; ++i) multiply_one_row(r, i);
}

const SimdRows& dispatched_simd_rows() {
  static constexpr SimdRows rows = {core::instruction_set_name, multiply_eight, multiply_one,
                                    multiply_four};
  return rows;
}

}  // namespace crossover::kernels::matvec::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace crossover::kernels::matvec {

HWY_EXPORT(dispatched_simd_rows);

const SimdRows& simd_rows() { return HWY_DYNAMIC_DISPATCH(dispatched_simd_rows)(); }

std::unique_ptr<Prepared> prepare_simd(const Problem& problem, const NoConstants&,
                                       const ParallelPolicy& policy) {
  const SimdRows& rows = simd_rows();
  const auto bytes = static_cast<std::size_t>(problem.m * problem.n) * sizeof(float) /
                     static_cast<std::size_t>(policy.threads);
  if (bytes <= cpu_caches().level1) {
    return std::make_unique<SimdPlan>(rows.name, 8, rows.multiply_eight);
  }
  // Measured on a Zen 5 with 1 MiB of L2: one row 220 GB/s and four 128 at 640 KiB, 82 and 74 at
  // 9 MiB, 50 and 55 at 16 MiB.
  const std::size_t near_bytes = std::max(cpu_caches().level2, cpu_caches().level3 / 8);
  if (bytes <= near_bytes) {
    return std::make_unique<SimdPlan>(rows.name, 1, rows.multiply_one);
  }
  return std::make_unique<SimdPlan>(rows.name, 4, rows.multiply_four);
}

}  // namespace crossover::kernels::matvec
#endif
