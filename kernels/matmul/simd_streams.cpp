#include "kernels/matmul/simd_streams.h"

#include <algorithm>
#include <array>
#include <utility>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/matmul/simd_streams.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h must come first
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace crossover::kernels::matmul::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using Tag = hn::ScalableTag<float>;
using Vector = hn::Vec<Tag>;

constexpr Tag tag;
constexpr Index lanes = hn::MaxLanes(tag);
constexpr bool many_registers = HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_NEON;

// The first `count` elements, then zeros; touches nothing behind them.
HWY_INLINE Vector load_part(const float* from, Index count) {
  if constexpr (HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2) {
    return hn::MaskedLoad(hn::FirstN(tag, static_cast<size_t>(count)), tag, from);
  }
  std::array<float, lanes> part = {};
  std::copy_n(from, count, part.begin());
  return hn::LoadU(tag, part.data());
}

// Few enough streams for the prefetchers, and for the elements of A to stay in registers.
template <int rows>
constexpr int rows_of_b = many_registers ? (rows <= 2 ? 8 : 4) : (rows <= 1 ? 8 : 4);
constexpr int most_rows = many_registers ? 8 : 2;

// Adds A[:, 0 : depth] * B[0 : depth, :] to C, or overwrites it.
template <int rows, int depth, std::size_t... r>
HWY_INLINE void add_rows(const Strip& s, const float* a, const float* b, bool accumulate,
                         std::index_sequence<r...>) {
  const auto add = [&](Index j, auto load, auto store) HWY_ATTR {
    Vector sum[rows];
    if (accumulate) {
      ((sum[r] = load(s.c + r * s.c_stride + j)), ...);
    } else {
      ((sum[r] = hn::Zero(tag)), ...);
    }
    const auto add_row = [&](Index p) HWY_ATTR {
      const Vector b_row = load(b + p * s.b_stride + j);
      ((sum[r] = hn::MulAdd(hn::Set(tag, a[r * s.a_stride + p]), b_row, sum[r])), ...);
    };
    [&]<std::size_t... p>(std::index_sequence<p...>) HWY_ATTR { (add_row(p), ...); }
    (std::make_index_sequence<depth>());
    (store(sum[r], s.c + r * s.c_stride + j), ...);
  };
  Index j = 0;
  for (; j + lanes <= s.cols; j += lanes) {
    add(
        j, [](const float* from) HWY_ATTR { return hn::LoadU(tag, from); },
        [](Vector value, float* to) HWY_ATTR { hn::StoreU(value, tag, to); });
  }
  if (const Index rest = s.cols - j; rest > 0) {
    add(
        j, [rest](const float* from) HWY_ATTR { return load_part(from, rest); },
        [rest](Vector value, float* to) HWY_ATTR {
          std::array<float, lanes> part;
          hn::StoreU(value, tag, part.data());
          std::copy_n(part.begin(), rest, to);
        });
  }
}

template <int rows>
void multiply_some_rows(const Strip& s) {
  constexpr auto all_rows = std::make_index_sequence<rows>();
  constexpr int step = rows_of_b<rows>;
  Index p = 0;
  for (; p + step <= s.depth; p += step) {
    add_rows<rows, step>(s, s.a + p, s.b + p * s.b_stride, p > 0, all_rows);
  }
  for (; p < s.depth; ++p) {
    add_rows<rows, 1>(s, s.a + p, s.b + p * s.b_stride, p > 0, all_rows);
  }
}

void multiply_rows(const Strip& s) {
  if (s.depth == 0) {
    for (Index i = 0; i < s.rows; ++i) std::fill_n(s.c + i * s.c_stride, s.cols, 0.0F);
    return;
  }
  [&]<std::size_t... i>(std::index_sequence<i...>) {
    static constexpr std::array<void (*)(const Strip&), most_rows> by_rows = {
        &multiply_some_rows<i + 1>...};
    by_rows[static_cast<std::size_t>(s.rows - 1)](s);
  }
  (std::make_index_sequence<most_rows>());
}

// Dot products of `rows` rows of A with `cols` rows of B's transpose: as many sums as registers
// allow, and at most 8 streams.
constexpr int dot_rows = many_registers ? 4 : 3;
template <int rows>
constexpr int dot_cols = rows == 1 || (rows == 2 && many_registers) ? 8 : 4;

template <int rows, int cols, std::size_t... i>
HWY_INLINE void multiply_dot_tile(const Strip& s, const float* a, const float* b, float* c,
                                  std::index_sequence<i...>) {
  Vector sum[rows * cols];
  ((sum[i] = hn::Zero(tag)), ...);
  const auto add = [&](auto load, Index p) HWY_ATTR {
    Vector a_part[rows];
    for (Index r = 0; r < rows; ++r) a_part[r] = load(a + r * s.a_stride + p);
    // Columns outside, so that one vector of B at a time is needed.
    ((sum[i] = hn::MulAdd(a_part[i % rows], load(b + i / rows * s.b_stride + p), sum[i])), ...);
  };
  Index p = 0;
  for (; p + lanes <= s.depth; p += lanes) {
    add([](const float* from) HWY_ATTR { return hn::LoadU(tag, from); }, p);
  }
  if (const Index rest = s.depth - p; rest > 0) {
    add([rest](const float* from) HWY_ATTR { return load_part(from, rest); }, p);
  }
  ((c[i % rows * s.c_stride + i / rows] = hn::GetLane(hn::SumOfLanes(tag, sum[i]))), ...);
}

template <int rows>
void multiply_dots_of(const Strip& s, const float* b, float* c, Index cols) {
  constexpr int width = dot_cols<rows>;
  Index j = 0;
  for (; j + width <= cols; j += width) {
    multiply_dot_tile<rows, width>(s, s.a, b + j * s.b_stride, c + j,
                                   std::make_index_sequence<std::size_t{rows} * width>());
  }
  for (; j < cols; ++j) {
    multiply_dot_tile<rows, 1>(s, s.a, b + j * s.b_stride, c + j, std::make_index_sequence<rows>());
  }
}

// Rows of B come from memory once and stay in L1 while all rows of A pass by.
void multiply_dots(const Strip& s) {
  constexpr Index cols_at_a_time = 8;
  static constexpr std::array<void (*)(const Strip&, const float*, float*, Index), 4> by_rows = {
      &multiply_dots_of<1>, &multiply_dots_of<2>, &multiply_dots_of<3>,
      &multiply_dots_of<std::min(4, dot_rows)>};
  const Index step = s.rows <= dot_rows ? s.cols : cols_at_a_time;
  for (Index j = 0; j < s.cols; j += step) {
    Strip rows = s;
    for (Index i = 0; i < s.rows; i += dot_rows) {
      rows.a = s.a + i * s.a_stride;
      const Index count = std::min<Index>(dot_rows, s.rows - i);
      by_rows[static_cast<std::size_t>(count - 1)](
          rows, s.b + j * s.b_stride, s.c + i * s.c_stride + j, std::min(step, s.cols - j));
    }
  }
}

const StreamKernels& dispatched_stream_kernels() {
  static constexpr StreamKernels kernels = {
      .most_rows = most_rows,
      .multiply_rows = multiply_rows,
      .multiply_dots = multiply_dots,
  };
  return kernels;
}

}  // namespace crossover::kernels::matmul::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace crossover::kernels::matmul {

HWY_EXPORT(dispatched_stream_kernels);

const StreamKernels& stream_kernels() { return HWY_DYNAMIC_DISPATCH(dispatched_stream_kernels)(); }

}  // namespace crossover::kernels::matmul
#endif
