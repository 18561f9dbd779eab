#include "kernels/attention/simd_tiles.h"

#include <array>
#include <utility>

#include "kernels/core/partition.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/attention/simd_tiles.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h must come first
#include "kernels/attention/simd_vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace crossover::kernels::attention::HWY_NAMESPACE {

// Accumulators, one row of the second operand and one broadcast element of the first must fit the
// registers, as in a matrix product.
#if HWY_TARGET == HWY_AVX3
constexpr const char* tile_name = "avx3 12x32";  // 24 + 2 + 1 of 32
constexpr int tile_rows = 12;
constexpr int tile_vectors = 2;
#elif HWY_TARGET == HWY_AVX2
constexpr const char* tile_name = "avx2 6x16";  // 12 + 2 + 1 of 16
constexpr int tile_rows = 6;
constexpr int tile_vectors = 2;
#elif HWY_TARGET == HWY_NEON
constexpr const char* tile_name = "neon 5x16";  // 20 + 4 + 5 of 32
constexpr int tile_rows = 5;
constexpr int tile_vectors = 4;
#elif HWY_TARGET == HWY_SSE4
constexpr const char* tile_name = "sse4 4x8";  // 8 + 2 + 1 of 16
constexpr int tile_rows = 4;
constexpr int tile_vectors = 2;
#else
constexpr const char* tile_name = "generic";
constexpr int tile_rows = 4;
constexpr int tile_vectors = 2;
#endif

// Fold expressions instead of loops over the accumulators: GCC keeps an array in registers only if
// its indices are constants before any loop is unrolled.
template <std::size_t... i>
HWY_INLINE void clear(std::index_sequence<i...>, Vector* sum) {
  ((sum[i] = hn::Zero(tag)), ...);
}

// `rows` keys against `vectors` vectors of queries.
template <int rows, int vectors>
struct ScoreTile {
  static constexpr auto all_sums = std::make_index_sequence<std::size_t{rows} * vectors>();
  static constexpr auto all_vectors = std::make_index_sequence<vectors>();

  // Three rows share a pointer, from which an x86 address reaches 0, 1 and 2 strides: twelve
  // pointers would be spilled.
  static HWY_INLINE const float* element(const float* const* keys, Index stride, Index row,
                                         Index p) {
    return keys[row / 3] + row % 3 * stride + p;
  }

  template <std::size_t... v>
  static HWY_INLINE void load(std::index_sequence<v...>, const float* queries, Vector* q) {
    ((q[v] = hn::LoadU(tag, queries + v * lanes)), ...);
  }

  template <std::size_t... i>
  static HWY_INLINE void add(std::index_sequence<i...>, const float* const* keys, Index stride,
                             Index p, const Vector* q, Vector* sum) {
    ((sum[i] =
          hn::MulAdd(hn::Set(tag, *element(keys, stride, i / vectors, p)), q[i % vectors], sum[i])),
     ...);
  }

  template <std::size_t... i>
  static HWY_INLINE void store(std::index_sequence<i...>, float* scores, Index width,
                               const Vector* sum) {
    (hn::StoreU(sum[i], tag, scores + i / vectors * width + i % vectors * lanes), ...);
  }

  static HWY_INLINE void compute(const ScoreTask& t, const float* k, const float* queries,
                                 float* scores) {
    Vector sum[rows * vectors];
    clear(all_sums, sum);
    const auto group = [&](Index g) { return 3 * g < rows ? k + 3 * g * t.key_stride : nullptr; };
    const float* const keys[] = {group(0), group(1), group(2), group(3)};
    for (Index p = 0; p < t.head_dim; ++p) {
      Vector q[vectors];
      load(all_vectors, queries, q);
      add(all_sums, keys, t.key_stride, p, q, sum);
      queries += t.width;
    }
    store(all_sums, scores, t.width, sum);
  }

  // The queries of a tile stay in L1 while all keys pass by.
  static HWY_INLINE void along_width(const ScoreTask& t, const float* k, float* scores) {
    Index col = 0;
    for (; col + vectors * lanes <= t.cols; col += vectors * lanes) {
      compute(t, k, t.queries + col, scores + col);
    }
    if constexpr (vectors > 1) {
      for (; col < t.cols; col += lanes) {
        ScoreTile<rows, 1>::compute(t, k, t.queries + col, scores + col);
      }
    }
  }
};

template <int rows>
HWY_NOINLINE void scores_of_keys(const ScoreTask& t, const float* k, float* scores) {
  ScoreTile<rows, tile_vectors>::along_width(t, k, scores);
}

using ScoresOfKeys = void (*)(const ScoreTask&, const float* k, float* scores);

template <std::size_t... i>
constexpr std::array<ScoresOfKeys, sizeof...(i)> scores_by_rows(std::index_sequence<i...>) {
  return {&scores_of_keys<i + 1>...};
}

// Tiles of equal height, or the last one would have too few accumulators to hide the latency of an
// addition.
void scores(const ScoreTask& t) {
  static constexpr auto by_rows = scores_by_rows(std::make_index_sequence<tile_rows>());
  const Index tiles = ceil_div(t.count, tile_rows);
  for (Index i = 0; i < tiles; ++i) {
    const Range keys = share(t.count, tiles, i);
    by_rows[static_cast<std::size_t>(keys.size() - 1)](t, t.keys + keys.begin * t.key_stride,
                                                       t.scores + keys.begin * t.width);
  }
}

// `rows` rows of weights against `vectors` vectors of values, the last one perhaps masked.
template <int rows, int vectors, bool masked>
struct ValueTile {
  static constexpr auto all_sums = std::make_index_sequence<std::size_t{rows} * vectors>();
  static constexpr auto all_vectors = std::make_index_sequence<vectors>();

  static constexpr bool is_part(std::size_t vector) { return masked && vector + 1 == vectors; }

  static HWY_INLINE Vector load_one(bool part_of, const PartOfVector& part, const float* from) {
    return part_of ? part.load(from) : hn::LoadU(tag, from);
  }

  template <std::size_t... v>
  static HWY_INLINE void load(std::index_sequence<v...>, const PartOfVector& part,
                              const float* values, Vector* x) {
    ((x[v] = load_one(is_part(v), part, values + v * lanes)), ...);
  }

  template <std::size_t... i>
  static HWY_INLINE void add(std::index_sequence<i...>, const float* weights, const Vector* x,
                             Vector* sum) {
    ((sum[i] = hn::MulAdd(hn::Set(tag, weights[i / vectors]), x[i % vectors], sum[i])), ...);
  }

  template <std::size_t... i>
  static HWY_INLINE void rescale(std::index_sequence<i...>, const ValueTask& t,
                                 const PartOfVector& part, Vector* sum) {
    ((sum[i] = hn::MulAdd(
          hn::Set(tag, t.factors[i / vectors]),
          load_one(is_part(i % vectors), part, t.out[i / vectors] + t.col + i % vectors * lanes),
          sum[i])),
     ...);
  }

  static HWY_INLINE void store_one(bool part_of, const PartOfVector& part, Vector sum, float* to) {
    if (part_of) {
      part.store(sum, to);
    } else {
      hn::StoreU(sum, tag, to);
    }
  }

  template <std::size_t... i>
  static HWY_INLINE void store(std::index_sequence<i...>, const ValueTask& t,
                               const PartOfVector& part, const Vector* sum) {
    (store_one(is_part(i % vectors), part, sum[i],
               t.out[i / vectors] + t.col + i % vectors * lanes),
     ...);
  }

  static HWY_NOINLINE void compute(const ValueTask& t, Index last_lanes) {
    const PartOfVector part(last_lanes);
    Vector sum[rows * vectors];
    clear(all_sums, sum);
    const float* weights = t.weights;
    const float* values = t.values;
    for (Index j = 0; j < t.count; ++j) {
      Vector x[vectors];
      load(all_vectors, part, values, x);
      add(all_sums, weights, x, sum);
      weights += t.width;
      values += t.value_stride;
    }
    if (t.factors != nullptr) rescale(all_sums, t, part, sum);
    store(all_sums, t, part, sum);
  }
};

using ValuesOf = void (*)(const ValueTask&, Index last_lanes);

template <int rows, std::size_t... v>
void values_of_rows(const ValueTask& t, std::index_sequence<v...>) {
  static constexpr std::array<ValuesOf, sizeof...(v)> whole = {
      &ValueTile<rows, v + 1, false>::compute...};
  static constexpr std::array<ValuesOf, sizeof...(v)> masked = {
      &ValueTile<rows, v + 1, true>::compute...};
  const Index vectors = ceil_div(t.cols, lanes);
  const Index last_lanes = t.cols - (vectors - 1) * lanes;
  const auto& by_vectors = last_lanes == lanes ? whole : masked;
  by_vectors[static_cast<std::size_t>(vectors - 1)](t, last_lanes);
}

template <int rows>
void values_of(const ValueTask& t) {
  values_of_rows<rows>(t, std::make_index_sequence<tile_vectors>());
}

template <std::size_t... i>
constexpr std::array<void (*)(const ValueTask&), sizeof...(i)> values_by_rows(
    std::index_sequence<i...>) {
  return {&values_of<i + 1>...};
}

void values(const ValueTask& t) {
  static constexpr auto by_rows = values_by_rows(std::make_index_sequence<tile_rows>());
  by_rows[static_cast<std::size_t>(t.rows - 1)](t);
}

const TileKernels& dispatched_tile_kernels() {
  static constexpr TileKernels kernels = {
      .name = tile_name,
      .rows = tile_rows,
      .cols = tile_vectors * lanes,
      .lanes = lanes,
      .scores = scores,
      .values = values,
  };
  return kernels;
}

}  // namespace crossover::kernels::attention::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace crossover::kernels::attention {

HWY_EXPORT(dispatched_tile_kernels);

const TileKernels& tile_kernels() { return HWY_DYNAMIC_DISPATCH(dispatched_tile_kernels)(); }

}  // namespace crossover::kernels::attention
#endif
