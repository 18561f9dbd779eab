#include "kernels/matmul/simd_streams.h"

#include <algorithm>
#include <array>
#include <utility>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/matmul/simd_streams.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h must come first
#include <hwy/highway.h>

#include "kernels/core/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace crossover::kernels::matmul::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
namespace core = kernels::HWY_NAMESPACE;
using Tag = hn::ScalableTag<float>;
using Vector = hn::Vec<Tag>;
using Part = core::PartOfVector<Tag>;
using Whole = core::WholeVector<Tag>;

constexpr Tag tag;
constexpr Index lanes = hn::MaxLanes(tag);
constexpr bool many_registers = HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_NEON;

// Of B that pass by at a time: more streams than that the prefetchers do not follow.
constexpr int rows_of_b = 8;
// Of each of them at a time: four cache lines of AVX-512 that follow each other. One at a time
// takes 25% more time where B comes from memory, eight take 15% more.
constexpr int vectors_of_b = 4;
// Of A that one pass takes; their rows of C must find place in L1 beside those of B.
constexpr int rows_of_a = many_registers ? 4 : 2;

// A tile of C to which rows of B are added as they pass by. Functions instead of lambdas: GCC keeps
// an array that a lambda captures in memory.
template <int rows, int vectors>
struct RowTile {
  static constexpr auto all_vectors = std::make_index_sequence<vectors>();
  static constexpr auto all_sums = std::make_index_sequence<std::size_t{rows} * vectors>();

  static HWY_INLINE Index place(std::size_t i, Index row_stride) {
    return static_cast<Index>(i) / vectors * row_stride + static_cast<Index>(i) % vectors * lanes;
  }

  template <class P, std::size_t... i>
  static HWY_INLINE void start(const P& part, const float* c, Index c_stride, bool accumulate,
                               Vector* sum, std::index_sequence<i...>) {
    if (accumulate) {
      ((sum[i] = part.load(c + place(i, c_stride))), ...);
    } else {
      ((sum[i] = hn::Zero(tag)), ...);
    }
  }

  // The products of one column of A with one row of B.
  template <class P, std::size_t... v, std::size_t... i>
  static HWY_INLINE void add(const P& part, const float* a, Index a_stride, const float* b,
                             Vector* sum, std::index_sequence<v...>, std::index_sequence<i...>) {
    const Vector b_row[vectors] = {part.load(b + static_cast<Index>(v) * lanes)...};
    ((sum[i] = hn::MulAdd(hn::Set(tag, a[i / vectors * a_stride]), b_row[i % vectors], sum[i])),
     ...);
  }

  template <class P, std::size_t... i>
  static HWY_INLINE void store(const P& part, const Vector* sum, float* c, Index c_stride,
                               std::index_sequence<i...>) {
    (part.store(sum[i], c + place(i, c_stride)), ...);
  }

  template <class P, std::size_t... p>
  static HWY_INLINE void multiply(const P& part, const Strip& s, const float* a, const float* b,
                                  float* c, bool accumulate, std::index_sequence<p...>) {
    Vector sum[rows * vectors];
    start(part, c, s.c_stride, accumulate, sum, all_sums);
    (add(part, a + p, s.a_stride, b + p * s.b_stride, sum, all_vectors, all_sums), ...);
    store(part, sum, c, s.c_stride, all_sums);
  }
};

// Adds A[:, 0 : depth] * B[0 : depth, :] to C, or overwrites it.
template <int rows, int depth>
HWY_INLINE void add_rows(const Strip& s, const float* a, const float* b, bool accumulate) {
  constexpr auto all_of_b = std::make_index_sequence<depth>();
  constexpr Index run = vectors_of_b * lanes;
  Index j = 0;
  for (; j + run <= s.cols; j += run) {
    RowTile<rows, vectors_of_b>::multiply(Whole(), s, a, b + j, s.c + j, accumulate, all_of_b);
  }
  for (; j + lanes <= s.cols; j += lanes) {
    RowTile<rows, 1>::multiply(Whole(), s, a, b + j, s.c + j, accumulate, all_of_b);
  }
  if (j < s.cols) {
    RowTile<rows, 1>::multiply(Part(s.cols - j), s, a, b + j, s.c + j, accumulate, all_of_b);
  }
}

template <int rows>
void add_rows_of_b(const Strip& s, Index p, Index depth) {
  if (depth == rows_of_b) {
    return add_rows<rows, rows_of_b>(s, s.a + p, s.b + p * s.b_stride, p > 0);
  }
  for (Index end = p + depth; p < end; ++p) {
    add_rows<rows, 1>(s, s.a + p, s.b + p * s.b_stride, p > 0);
  }
}

void multiply_rows(const Strip& s) {
  static constexpr std::array<void (*)(const Strip&, Index, Index), 4> by_rows = {
      &add_rows_of_b<1>, &add_rows_of_b<2>, &add_rows_of_b<std::min(3, rows_of_a)>,
      &add_rows_of_b<std::min(4, rows_of_a)>};
  if (s.depth == 0) {
    for (Index i = 0; i < s.rows; ++i) std::fill_n(s.c + i * s.c_stride, s.cols, 0.0F);
  }
  for (Index p = 0; p < s.depth; p += rows_of_b) {
    const Index depth = std::min<Index>(rows_of_b, s.depth - p);
    Strip part = s;
    for (Index i = 0; i < s.rows; i += rows_of_a) {
      part.a = s.a + i * s.a_stride;
      part.c = s.c + i * s.c_stride;
      by_rows[static_cast<std::size_t>(std::min<Index>(rows_of_a, s.rows - i) - 1)](part, p, depth);
    }
  }
}

// Dot products of `rows` rows of A with rows of B's transpose: as many sums as registers allow, and
// at most 8 streams.
constexpr int dot_rows = many_registers ? 4 : 3;
template <int rows>
constexpr int dot_cols = rows <= (many_registers ? 2 : 1) ? 8 : (many_registers ? 6 : 4);

// Rows whole pages apart lie on the same set of L1, which has 8 ways, and leave room for few.
constexpr int dot_cols_that_collide = 2;
constexpr Index page_floats = 4096 / sizeof(float);

template <int rows, int cols>
struct DotTile {
  static constexpr auto all_rows = std::make_index_sequence<rows>();
  static constexpr auto all_sums = std::make_index_sequence<std::size_t{rows} * cols>();

  template <class P, std::size_t... r, std::size_t... i>
  static HWY_INLINE void add(const P& part, const float* a, Index a_stride, const float* b,
                             Index b_stride, Vector* sum, std::index_sequence<r...>,
                             std::index_sequence<i...>) {
    const Vector a_part[rows] = {part.load(a + r * a_stride)...};
    // Columns outside, so that one vector of B at a time is needed.
    ((sum[i] = hn::MulAdd(a_part[i % rows], part.load(b + i / rows * b_stride), sum[i])), ...);
  }

  template <std::size_t... i>
  static HWY_INLINE void clear(Vector* sum, std::index_sequence<i...>) {
    ((sum[i] = hn::Zero(tag)), ...);
  }

  template <std::size_t... i>
  static HWY_INLINE void store(const Vector* sum, float* c, Index c_stride,
                               std::index_sequence<i...>) {
    ((c[i % rows * c_stride + i / rows] = hn::GetLane(hn::SumOfLanes(tag, sum[i]))), ...);
  }

  static HWY_INLINE void multiply(const Strip& s, const float* b, float* c) {
    Vector sum[rows * cols];
    clear(sum, all_sums);
    Index p = 0;
    for (; p + lanes <= s.depth; p += lanes) {
      add(Whole(), s.a + p, s.a_stride, b + p, s.b_stride, sum, all_rows, all_sums);
    }
    if (p < s.depth) {
      add(Part(s.depth - p), s.a + p, s.a_stride, b + p, s.b_stride, sum, all_rows, all_sums);
    }
    store(sum, c, s.c_stride, all_sums);
  }
};

template <int rows, int width>
void multiply_dots_along(const Strip& s, const float* b, float* c, Index cols) {
  Index j = 0;
  for (; j + width <= cols; j += width) {
    DotTile<rows, width>::multiply(s, b + j * s.b_stride, c + j);
  }
  for (; j < cols; ++j) {
    DotTile<rows, 1>::multiply(s, b + j * s.b_stride, c + j);
  }
}

template <int rows>
void multiply_dots_of(const Strip& s, const float* b, float* c, Index cols) {
  if (rows > 2 && s.b_stride % page_floats == 0) {
    multiply_dots_along<rows, dot_cols_that_collide>(s, b, c, cols);
  } else {
    multiply_dots_along<rows, dot_cols<rows>>(s, b, c, cols);
  }
}

// Rows of B come from memory once and stay near while all rows of A pass by.
void multiply_dots(const Strip& s) {
  static constexpr std::array<void (*)(const Strip&, const float*, float*, Index), 4> by_rows = {
      &multiply_dots_of<1>, &multiply_dots_of<2>, &multiply_dots_of<3>,
      &multiply_dots_of<std::min(4, dot_rows)>};
  constexpr Index cols_at_a_time = 24;  // a multiple of every dot_cols
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
