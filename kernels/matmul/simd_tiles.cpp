#include "kernels/matmul/simd_tiles.h"

#include <algorithm>
#include <array>
#include <utility>

#include "kernels/core/partition.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/matmul/simd_tiles.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h must come first
#include <hwy/cache_control.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace crossover::kernels::matmul::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using Tag = hn::ScalableTag<float>;
using Vector = hn::Vec<Tag>;

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

constexpr bool masked_memory = HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2;

// The first 1..lanes elements of a vector in memory; touches nothing behind them.
class PartOfVector {
 public:
  explicit HWY_INLINE PartOfVector(Index count)
      : count_(count), mask_(hn::FirstN(tag, static_cast<size_t>(count))) {}

  /// The elements, then zeros.
  HWY_INLINE Vector load(const float* from) const {
    if constexpr (masked_memory) return hn::MaskedLoad(mask_, tag, from);
    std::array<float, lanes> part = {};
    std::copy_n(from, count_, part.begin());
    return hn::LoadU(tag, part.data());
  }

  HWY_INLINE void store(Vector value, float* to) const {
    if constexpr (masked_memory) return hn::BlendedStore(value, mask_, tag, to);
    std::array<float, lanes> part;
    hn::StoreU(value, tag, part.data());
    std::copy_n(part.begin(), count_, to);
  }

 private:
  Index count_;
  hn::Mask<Tag> mask_;
};

// One register tile: `rows` x `vectors` accumulators over the whole depth. With `partial`, the last
// vector is the part `last` of one. Fold expressions instead of loops over the accumulators:
// GCC keeps an array in registers only if its indices are constants before any loop is unrolled.
template <int rows, int vectors, bool partial>
struct Tile {
  static constexpr auto all_rows = std::make_index_sequence<rows>();
  static constexpr auto all_sums = std::make_index_sequence<std::size_t{rows} * vectors>();
  static constexpr auto all_vectors = std::make_index_sequence<vectors>();

  template <std::size_t v>
  static HWY_INLINE Vector load(const float* from, const PartOfVector& last) {
    if constexpr (partial && v == vectors - 1) return last.load(from);
    return hn::LoadU(tag, from);
  }

  template <std::size_t v>
  static HWY_INLINE void store(Vector value, float* row, const PartOfVector& last) {
    if constexpr (partial && v == vectors - 1) {
      last.store(value, row + v * lanes);
    } else {
      hn::StoreU(value, tag, row + v * lanes);
    }
  }

  // Behind the last vector of a panel of B stands the first one of the next panel.
  template <std::size_t... v>
  static HWY_INLINE void load_b(std::index_sequence<v...>, const float* b, Index panel_stride,
                                const PartOfVector& last, Vector* b_row) {
    const auto at = [&](Index i) {
      return b + i / tile_vectors * panel_stride + i % tile_vectors * lanes;
    };
    if constexpr (masked_memory) {
      ((b_row[v] = load<v>(at(v), last)), ...);
    } else {
      ((b_row[v] = hn::LoadU(tag, at(v))), ...);
    }
  }

  template <std::size_t... v>
  static HWY_INLINE void prefetch_row(std::index_sequence<v...>, const float* row) {
    (hwy::Prefetch(row + v * lanes), ...);
  }

  template <std::size_t... i>
  static HWY_INLINE void clear(std::index_sequence<i...>, Vector* sum) {
    ((sum[i] = hn::Zero(tag)), ...);
  }

  // Three rows share a pointer, from which an x86 address reaches 0, 1 and 2 strides: five
  // registers address twelve rows, where twelve pointers would be spilled (95% of the peak instead
  // of 99%).
  template <int group>
  static HWY_INLINE const float* group_of_rows(const Strip& s) {
    return 3 * group < rows ? s.a + 3 * Index{group} * s.a_stride : nullptr;
  }

  // A[row, p] in all lanes, and kept in a register: GCC would fold it into every multiply-add of
  // the row, and with 26 loads for 24 of them the loads are the limit (4% at 256 x 256 x 256).
  static HWY_INLINE Vector broadcast(const float* a) {
    Vector value = hn::Set(tag, *a);
#if HWY_TARGET == HWY_AVX3
    asm("" : "+v"(value.raw));
#endif
    return value;
  }

  template <std::size_t... v>
  static HWY_INLINE void add_row(std::index_sequence<v...>, Vector a, const Vector* b_row,
                                 Vector* sum) {
    ((sum[v] = hn::MulAdd(a, b_row[v], sum[v])), ...);
  }

  template <std::size_t... row>
  static HWY_INLINE void add_products(std::index_sequence<row...>, const float* const* a,
                                      Index a_stride, Index p, const Vector* b_row, Vector* sum) {
    (add_row(all_vectors, broadcast(a[row / 3] + row % 3 * a_stride + p), b_row,
             sum + row * vectors),
     ...);
  }

  template <std::size_t... i>
  static HWY_INLINE void add_c(std::index_sequence<i...>, const float* c, Index c_stride,
                               const PartOfVector& last, Vector* sum) {
    ((sum[i] = hn::Add(sum[i],
                       load<i % vectors>(c + i / vectors * c_stride + i % vectors * lanes, last))),
     ...);
  }

  template <std::size_t... i>
  static HWY_INLINE void store_all(std::index_sequence<i...>, const Vector* sum, float* c,
                                   Index c_stride, const PartOfVector& last) {
    (store<i % vectors>(sum[i], c + i / vectors * c_stride, last), ...);
  }

  static HWY_NOINLINE void multiply(const Strip& s, const float* b, float* c, Index last_lanes) {
    const PartOfVector last(last_lanes);
    if (s.depth >= long_depth) {
      for (Index i = 0; i < rows; ++i) prefetch_row(all_vectors, c + i * s.c_stride);
    }
    Vector sum[rows * vectors];
    clear(all_sums, sum);
    const float* a[] = {group_of_rows<0>(s), group_of_rows<1>(s), group_of_rows<2>(s),
                        group_of_rows<3>(s)};
    for (Index p = 0; p < s.depth; ++p) {
      Vector b_row[vectors];
      load_b(all_vectors, b, s.b_panel_stride, last, b_row);
      b += s.b_stride;
      add_products(all_rows, a, s.a_stride, p, b_row, sum);
    }
    if (s.accumulate) add_c(all_sums, c, s.c_stride, last, sum);
    store_all(all_sums, sum, c, s.c_stride, last);
  }
};

using MultiplyTile = void (*)(const Strip&, const float* b, float* c, Index last_lanes);

// Few rows leave accumulators free for a tile of twice the width, whose sums overlap the latency of
// one another, and which reads longer runs of B.
template <int rows>
constexpr int vectors_for_rows = rows <= tile_rows / 3 ? 2 * tile_vectors : tile_vectors;

// Runs along the strip: whole tiles, then one that is narrower, ends inside a vector, or both.
template <int rows, int vectors, std::size_t... v>
HWY_INLINE void multiply_along(const Strip& s, std::index_sequence<v...>) {
  static constexpr std::array<MultiplyTile, sizeof...(v)> narrower = {
      &Tile<rows, v + 1, false>::multiply...};
  static constexpr std::array<MultiplyTile, sizeof...(v)> ending_inside_vector = {
      &Tile<rows, v + 1, true>::multiply...};
  constexpr Index width = vectors * lanes;
  const float* b = s.b;
  Index col = 0;
  for (; col + width <= s.cols; col += width, b += width / tile_cols * s.b_panel_stride) {
    Tile<rows, vectors, false>::multiply(s, b, s.c + col, lanes);
  }
  if (col == s.cols) return;
  const auto whole_vectors = static_cast<std::size_t>((s.cols - col) / lanes);
  const Index last_lanes = (s.cols - col) % lanes;
  if (last_lanes == 0) {
    narrower[whole_vectors - 1](s, b, s.c + col, lanes);
  } else {
    ending_inside_vector[whole_vectors](s, b, s.c + col, last_lanes);
  }
}

template <int rows>
void multiply_strip(const Strip& s) {
  constexpr int vectors = vectors_for_rows<rows>;
  multiply_along<rows, vectors>(s, std::make_index_sequence<vectors>());
}

template <std::size_t... i>
HWY_INLINE void multiply_strip_of_any_height(const Strip& s, std::index_sequence<i...>) {
  static constexpr std::array<void (*)(const Strip&), tile_rows> by_rows = {
      &multiply_strip<i + 1>...};
  by_rows[static_cast<std::size_t>(s.rows - 1)](s);
}

// Strips of equal height: the last one would otherwise have too few accumulators to hide the
// latency of an addition.
void multiply(const Strip& s) {
  constexpr auto heights = std::make_index_sequence<tile_rows>();
  if (s.rows <= tile_rows) return multiply_strip_of_any_height(s, heights);
  const Index strips = ceil_div(s.rows, Index{tile_rows});
  const Index height = s.rows / strips;
  const Index taller_strips = s.rows - height * strips;
  Strip strip = s;
  for (Index i = 0; i < strips; ++i) {
    strip.rows = height + (i < taller_strips);
    multiply_strip_of_any_height(strip, heights);
    strip.a += strip.rows * s.a_stride;
    strip.c += strip.rows * s.c_stride;
  }
}

HWY_INLINE void copy_row(const float* from, Index cols, float* to) {
  Index j = 0;
  for (; j + lanes <= cols; j += lanes) hn::StoreU(hn::LoadU(tag, from + j), tag, to + j);
  if (j < cols) hn::StoreU(PartOfVector(cols - j).load(from + j), tag, to + j);
}

void pack_b(const float* b, Index b_stride, Index depth, Index cols, float* packed) {
  for (Index col = 0; col < cols; col += tile_cols, packed += depth * tile_cols) {
    const Index width = std::min(tile_cols, cols - col);
    for (Index p = 0; p < depth; ++p)
      copy_row(b + p * b_stride + col, width, packed + p * tile_cols);
  }
}

const TileKernels& dispatched_tile_kernels() {
  static constexpr TileKernels kernels = {tile_name,     tile_rows, tile_cols, lanes,
                                          masked_memory, multiply,  pack_b};
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
