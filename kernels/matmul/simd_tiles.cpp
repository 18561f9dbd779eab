#include "kernels/matmul/simd_tiles.h"

#include <algorithm>
#include <array>
#include <type_traits>
#include <utility>

#include "kernels/core/partition.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/matmul/simd_tiles.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h must come first
#include <hwy/cache_control.h>
#include <hwy/highway.h>

#include "kernels/core/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace crossover::kernels::matmul::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
namespace core = kernels::HWY_NAMESPACE;
using Tag = hn::ScalableTag<float>;
using Vector = hn::Vec<Tag>;
using core::masked_memory;
using core::PartOfVector;

constexpr Tag tag;
constexpr Index lanes = hn::MaxLanes(tag);

// Accumulators, one row of B and one broadcast element of A must fit the registers.
#if HWY_TARGET == HWY_AVX3
constexpr const char* tile_name = "avx3 12x32";  // 24 + 2 + 1 of 32
constexpr int tile_rows = 12;
constexpr int tile_vectors = 2;
#elif HWY_TARGET == HWY_AVX2
constexpr const char* tile_name = "avx2 6x16";  // 12 + 2 + 1 of 16
constexpr int tile_rows = 6;
constexpr int tile_vectors = 2;
#elif HWY_TARGET == HWY_NEON
constexpr const char* tile_name = "neon 5x16";  // 20 + 4 + 5 of 32: GCC loads all of A's column at
constexpr int tile_rows = 5;                    // once, and would spill a sixth row
constexpr int tile_vectors = 4;
#elif HWY_TARGET == HWY_SSE4
constexpr const char* tile_name = "sse4 4x8";  // 8 + 2 + 1 of 16, and products without FMA
constexpr int tile_rows = 4;
constexpr int tile_vectors = 2;
#else
constexpr const char* tile_name = "generic";
constexpr int tile_rows = 4;
constexpr int tile_vectors = 2;
#endif
constexpr Index tile_cols = tile_vectors * lanes;

// From this depth on, C has left L1 when a tile is done, and fetching it beforehand is worth its
// instructions: 1% at 1536 x 1536 x 1536.
constexpr Index long_depth = 256;

// Columns that do not fill a vector. Up to half a vector of them is half the work where a CPU
// executes an AVX-512 instruction in two steps, as Zen 4 does, and no more work on any.
enum class Tail { none, half, masked };
constexpr bool has_half = HWY_TARGET == HWY_AVX3;
constexpr Tail half_or_masked = has_half ? Tail::half : Tail::masked;
using HalfTag = hn::CappedTag<float, has_half ? lanes / 2 : lanes>;

// One register tile: accumulators for `rows` x `vectors`, and a tail behind each row, over the
// whole depth. Fold expressions instead of loops over the accumulators: GCC keeps an array in
// registers only if its indices are constants before any loop is unrolled.
template <int rows, int vectors, Tail tail, bool packed_a>
struct Tile {
  static constexpr bool has_tail = tail != Tail::none;
  using TailTag = std::conditional_t<tail == Tail::half, HalfTag, Tag>;
  using TailVector = hn::Vec<TailTag>;
  static constexpr auto all_rows = std::make_index_sequence<rows>();
  static constexpr auto all_sums = std::make_index_sequence<std::size_t{rows} * vectors>();
  static constexpr auto all_vectors = std::make_index_sequence<vectors>();

  // Behind the last vector of a panel of B stands the first one of the next panel.
  static HWY_INLINE const float* in_panels(const float* b, Index panel_stride, Index vector) {
    return b + vector / tile_vectors * panel_stride + vector % tile_vectors * lanes;
  }

  template <std::size_t... v>
  static HWY_INLINE void load_b(std::index_sequence<v...>, const float* b, Index panel_stride,
                                Vector* b_row) {
    ((b_row[v] = hn::LoadU(tag, in_panels(b, panel_stride, v))), ...);
  }

  template <std::size_t... v>
  static HWY_INLINE void prefetch_row(std::index_sequence<v...>, const float* row) {
    (hwy::Prefetch(row + v * lanes), ...);
  }

  // Three rows share a pointer, from which an x86 address reaches 0, 1 and 2 strides: five
  // registers address twelve rows, where twelve pointers would be spilled (95% of the peak instead
  // of 99%). Packed rows lie side by side and need one pointer.
  template <int group>
  static HWY_INLINE const float* group_of_rows(const float* a, Index a_stride) {
    if (packed_a) return a + 3 * Index{group};
    return 3 * group < rows ? a + 3 * Index{group} * a_stride : nullptr;
  }

  static HWY_INLINE const float* element(const float* const* a, Index a_stride, Index row,
                                         Index p) {
    if (packed_a) return a[0] + p * rows + row;
    return a[row / 3] + row % 3 * a_stride + p;
  }

  template <std::size_t... i, class D>
  static HWY_INLINE void clear(std::index_sequence<i...>, D, hn::Vec<D>* sum) {
    ((sum[i] = hn::Zero(D())), ...);
  }

  template <std::size_t... v>
  static HWY_INLINE void add_row(std::index_sequence<v...>, Vector a, const Vector* b_row,
                                 TailVector b_tail, Vector* sum, TailVector* tail_sum) {
    ((sum[v] = hn::MulAdd(a, b_row[v], sum[v])), ...);
    if constexpr (tail == Tail::half && has_half) {
      *tail_sum = hn::MulAdd(hn::LowerHalf(TailTag(), a), b_tail, *tail_sum);
    } else if constexpr (has_tail) {
      *tail_sum = hn::MulAdd(a, b_tail, *tail_sum);
    }
  }

  template <std::size_t... row>
  static HWY_INLINE void add_products(std::index_sequence<row...>, const float* const* a,
                                      Index a_stride, Index p, const Vector* b_row,
                                      TailVector b_tail, Vector* sum, TailVector* tail_sum) {
    (add_row(all_vectors, hn::Set(tag, *element(a, a_stride, row, p)), b_row, b_tail,
             sum + row * vectors, tail_sum + row),
     ...);
  }

  template <std::size_t... i>
  static HWY_INLINE void finish(std::index_sequence<i...>, bool accumulate, float* c,
                                Index c_stride, Vector* sum) {
    const auto at = [&](Index place) {
      return c + place / vectors * c_stride + place % vectors * lanes;
    };
    if (accumulate) ((sum[i] = hn::Add(sum[i], hn::LoadU(tag, at(i)))), ...);
    (hn::StoreU(sum[i], tag, at(i)), ...);
  }

  template <std::size_t... row>
  static HWY_INLINE void finish_tails(std::index_sequence<row...>, bool accumulate, float* c,
                                      Index c_stride, const PartOfVector<TailTag>& part,
                                      TailVector* sum) {
    if (accumulate) ((sum[row] = hn::Add(sum[row], part.load(c + row * c_stride))), ...);
    (part.store(sum[row], c + row * c_stride), ...);
  }

  using Sums = Vector[std::max(rows * vectors, 1)];
  using TailSums = TailVector[rows];

  // A function: GCC keeps arrays that a lambda captures in memory.
  static HWY_INLINE const float* add_steps(const Strip& s, const PartOfVector<TailTag>& part,
                                           const float* const* a, const float* b, Index begin,
                                           Index end, Vector* sum, TailVector* tail_sum) {
    const float* fetch = s.fetch + begin * s.fetch_step;
    for (Index p = begin; p < end; ++p) {
      if constexpr (packed_a) {
        // Two lines, or the same one twice, which costs less than asking.
        hwy::Prefetch(fetch);
        hwy::Prefetch(fetch + s.fetch_step / 2);
        fetch += s.fetch_step;
      }
      Vector b_row[std::max(vectors, 1)];
      if constexpr (vectors > 0) load_b(all_vectors, b, s.b_panel_stride, b_row);
      TailVector b_tail = hn::Zero(TailTag());
      if constexpr (has_tail) {
        // Without masks B is read to a whole vector, as TileKernels says.
        const float* from = in_panels(b, s.b_panel_stride, vectors);
        b_tail = masked_memory ? part.load(from) : hn::LoadU(TailTag(), from);
      }
      add_products(all_rows, a, s.a_stride, p, b_row, b_tail, sum, tail_sum);
      b += s.b_stride;
    }
    return b;
  }

  static HWY_NOINLINE void multiply(const Strip& s, const float* a_rows, const float* b, float* c,
                                    Index tail_lanes) {
    multiply_here(s, a_rows, b, c, tail_lanes);
  }

  static HWY_INLINE void multiply_here(const Strip& s, const float* a_rows, const float* b,
                                       float* c, Index tail_lanes) {
    const PartOfVector<TailTag> part(tail_lanes);
    Sums sum;
    TailSums tail_sum;
    if constexpr (vectors > 0) clear(all_sums, tag, sum);
    if constexpr (has_tail) clear(all_rows, TailTag(), tail_sum);
    const float* a[] = {group_of_rows<0>(a_rows, s.a_stride), group_of_rows<1>(a_rows, s.a_stride),
                        group_of_rows<2>(a_rows, s.a_stride), group_of_rows<3>(a_rows, s.a_stride),
                        group_of_rows<4>(a_rows, s.a_stride), group_of_rows<5>(a_rows, s.a_stride),
                        group_of_rows<6>(a_rows, s.a_stride), group_of_rows<7>(a_rows, s.a_stride)};
    if constexpr (packed_a) {
      // A row of C at a time: all at once would keep the rows of A and B waiting.
      const Index steps = s.depth / (rows + 1);
      for (Index i = 0; i < rows; ++i) {
        prefetch_row(all_vectors, c + i * s.c_stride);
        b = add_steps(s, part, a, b, i * steps, (i + 1) * steps, sum, tail_sum);
      }
      add_steps(s, part, a, b, rows * steps, s.depth, sum, tail_sum);
    } else {
      if (s.depth >= long_depth) {
        for (Index i = 0; i < rows; ++i) prefetch_row(all_vectors, c + i * s.c_stride);
      }
      add_steps(s, part, a, b, 0, s.depth, sum, tail_sum);
    }
    if constexpr (vectors > 0) finish(all_sums, s.accumulate, c, s.c_stride, sum);
    if constexpr (has_tail) {
      finish_tails(all_rows, s.accumulate, c + vectors * lanes, s.c_stride, part, tail_sum);
    }
  }
};

using MultiplyTile = void (*)(const Strip&, const float* a_rows, const float* b, float* c,
                              Index tail_lanes);

// Few rows leave accumulators free for a tile of twice the width, whose sums overlap the latency of
// one another, and which reads longer runs of B.
template <int rows>
constexpr int vectors_for_rows = rows <= tile_rows / 3 ? 2 * tile_vectors : tile_vectors;

// Where a strip is cut, what remains is pointers and a width of their own and never a copy of the
// Strip: that would be read in vectors right after its members were written one by one, which no
// CPU forwards from its store queue. It took 40 cycles per tile, 14% of a 24 x 24 x 24 product.
struct Rest {
  const float* a;
  const float* b;
  float* c;
  Index cols;
};

// Runs along the strip: whole tiles, then one that is narrower, ends inside a vector, or both.
template <int rows, int vectors, bool packed_a, std::size_t... v>
HWY_INLINE void multiply_along(const Strip& s, Rest rest, std::index_sequence<v...>) {
  static constexpr std::array<MultiplyTile, sizeof...(v)> narrower = {
      &Tile<rows, std::max<int>(v, 1), Tail::none, packed_a>::multiply...};
  static constexpr std::array<MultiplyTile, sizeof...(v)> with_half = {
      &Tile<rows, v, half_or_masked, packed_a>::multiply...};
  static constexpr std::array<MultiplyTile, sizeof...(v)> masked = {
      &Tile<rows, v, Tail::masked, packed_a>::multiply...};
  constexpr Index width = vectors * lanes;
  for (; rest.cols >= width; rest.cols -= width, rest.c += width) {
    Tile<rows, vectors, Tail::none, packed_a>::multiply_here(s, rest.a, rest.b, rest.c, lanes);
    rest.b += width / tile_cols * s.b_panel_stride;
  }
  if (rest.cols == 0) return;
  const auto whole_vectors =
      vectors == 1 ? std::size_t{0} : static_cast<std::size_t>(rest.cols / lanes);
  const Index tail_lanes = rest.cols % lanes;
  if (tail_lanes == 0) {
    narrower[whole_vectors](s, rest.a, rest.b, rest.c, lanes);
  } else if (tail_lanes <= Index{hn::MaxLanes(HalfTag())}) {
    with_half[whole_vectors](s, rest.a, rest.b, rest.c, tail_lanes);
  } else {
    masked[whole_vectors](s, rest.a, rest.b, rest.c, tail_lanes);
  }
}

// Even fewer rows: so many vectors that every accumulator is used. B then passes by in runs as long
// as prefetchers like them.
template <int rows>
constexpr int wide_vectors_for_rows = (tile_rows / rows) * tile_vectors;

template <int rows>
void multiply_strip(const Strip& s, const float* a, float* c) {
  constexpr int vectors = vectors_for_rows<rows>;
  constexpr int wide = wide_vectors_for_rows<rows>;
  Rest rest = {a, s.b, c, s.cols};
  if constexpr (wide > vectors) {
    constexpr Index width = wide * lanes;
    for (; rest.cols >= width; rest.cols -= width, rest.c += width) {
      Tile<rows, wide, Tail::none, false>::multiply_here(s, a, rest.b, rest.c, lanes);
      rest.b += width / tile_cols * s.b_panel_stride;
    }
    if (rest.cols == 0) return;
  }
  multiply_along<rows, vectors, false>(s, rest, std::make_index_sequence<vectors>());
}

template <int rows>
void multiply_packed_strip(const Strip& s, const float* a, float* c) {
  multiply_along<rows, tile_vectors, true>(s, {a, s.b, c, s.cols},
                                           std::make_index_sequence<tile_vectors>());
}

// Columns of one vector leave accumulators for twice as many rows.
constexpr int narrow_rows = 2 * tile_rows;

template <int rows>
void multiply_narrow_strip(const Strip& s, const float* a, float* c) {
  multiply_along<rows, 1, false>(s, {a, s.b, c, s.cols}, std::make_index_sequence<1>());
}

// Columns of one and a half tiles are one tile of two thirds of the rows.
constexpr int middle_rows = tile_rows * 2 / 3;
constexpr int middle_vectors = tile_vectors * 3 / 2;

template <int rows>
void multiply_middle_strip(const Strip& s, const float* a, float* c) {
  multiply_along<rows, middle_vectors, false>(s, {a, s.b, c, s.cols},
                                              std::make_index_sequence<middle_vectors>());
}

using MultiplyStrip = void (*)(const Strip&, const float* a, float* c);

template <std::size_t... i>
constexpr std::array<MultiplyStrip, sizeof...(i)> plain_strips(std::index_sequence<i...>) {
  return {&multiply_strip<i + 1>...};
}
template <std::size_t... i>
constexpr std::array<MultiplyStrip, sizeof...(i)> packed_strips(std::index_sequence<i...>) {
  return {&multiply_packed_strip<i + 1>...};
}
template <std::size_t... i>
constexpr std::array<MultiplyStrip, sizeof...(i)> narrow_strips(std::index_sequence<i...>) {
  return {&multiply_narrow_strip<i + 1>...};
}
template <std::size_t... i>
constexpr std::array<MultiplyStrip, sizeof...(i)> middle_strips(std::index_sequence<i...>) {
  return {&multiply_middle_strip<i + 1>...};
}

// Strips of equal height: the last one would otherwise have too few accumulators to hide the
// latency of an addition.
void multiply_high_strip(const Strip& s, Index most_rows, const MultiplyStrip* by_rows) {
  const Index strips = ceil_div(s.rows, most_rows);
  const Index height = s.rows / strips;
  const Index taller_strips = s.rows - height * strips;
  const float* a = s.a;
  float* c = s.c;
  for (Index i = 0; i < strips; ++i) {
    const Index rows = height + (i < taller_strips);
    by_rows[rows - 1](s, a, c);
    a += rows * s.a_stride;
    c += rows * s.c_stride;
  }
}

void multiply(const Strip& s) {
  static constexpr auto plain = plain_strips(std::make_index_sequence<tile_rows>());
  static constexpr auto packed = packed_strips(std::make_index_sequence<tile_rows>());
  static constexpr auto narrow = narrow_strips(std::make_index_sequence<narrow_rows>());
  static constexpr auto middle = middle_strips(std::make_index_sequence<middle_rows>());
  if (s.a_is_packed) return packed[static_cast<std::size_t>(s.rows - 1)](s, s.a, s.c);
  const MultiplyStrip* by_rows = plain.data();
  Index most_rows = tile_rows;
  if (s.cols <= lanes) {
    by_rows = narrow.data();
    most_rows = narrow_rows;
  } else if (s.cols > tile_cols && s.cols <= middle_vectors * lanes && s.rows > tile_rows / 3) {
    by_rows = middle.data();  // of fewer rows, plain tiles are wide enough
    most_rows = middle_rows;
  }
  if (s.rows <= most_rows) return by_rows[s.rows - 1](s, s.a, s.c);
  multiply_high_strip(s, most_rows, by_rows);
}

const TileKernels& dispatched_tile_kernels() {
  static constexpr TileKernels kernels = {
      .name = tile_name,
      .rows = tile_rows,
      .cols = tile_cols,
      .lanes = lanes,
      .masked_memory = masked_memory,
      .multiply = multiply,
  };
  return kernels;
}

}  // namespace crossover::kernels::matmul::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace crossover::kernels::matmul {

HWY_EXPORT(dispatched_tile_kernels);

const TileKernels& tile_kernels() { return HWY_DYNAMIC_DISPATCH(dispatched_tile_kernels)(); }

}  // namespace crossover::kernels::matmul
#endif
