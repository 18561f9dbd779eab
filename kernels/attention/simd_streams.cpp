#include "kernels/attention/simd_streams.h"

#include <utility>

#include "kernels/core/partition.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/attention/simd_streams.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h must come first
#include <hwy/cache_control.h>

#include "kernels/attention/simd_vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace crossover::kernels::attention::HWY_NAMESPACE {

constexpr int most_rows = lanes < 4 ? 1 : 4;

// Rows of one head lie apart by those of the others, which prefetchers of the hardware follow
// badly.
constexpr Index bytes_ahead = 8192;

HWY_INLINE Index elements_ahead(const StreamTask& t) {
  const Index row_bytes = std::max<Index>(1, t.head_dim) * static_cast<Index>(sizeof(float));
  return ceil_div(bytes_ahead, row_bytes) * t.stride;
}

#if HWY_TARGET != HWY_SCALAR
// Of two vectors: lane i of the result holds half of the sum of one of them.
HWY_INLINE Vector add_neighbours(Vector a, Vector b) {
  return hn::Add(hn::InterleaveLower(tag, a, b), hn::InterleaveUpper(tag, a, b));
}

HWY_INLINE Vector add_pairs(Vector a, Vector b) {
  const hn::Repartition<double, Tag> pairs;
  const auto x = hn::BitCast(pairs, a);
  const auto y = hn::BitCast(pairs, b);
  return hn::Add(hn::BitCast(tag, hn::InterleaveLower(pairs, x, y)),
                 hn::BitCast(tag, hn::InterleaveUpper(pairs, x, y)));
}

// Of four vectors: lane i of each block of four lanes holds that block's sum of vector i.
HWY_INLINE Vector sums_in_blocks(const Vector* x) {
  return add_pairs(add_neighbours(x[0], x[1]), add_neighbours(x[2], x[3]));
}
#endif

// Lane i of the result is the sum of the lanes of x[i]: a transposition that adds on its way, at
// three instructions for each of x.
HWY_INLINE Vector sums_of(const Vector* x) {
#if HWY_TARGET == HWY_AVX3
  const auto halves = [](Vector a, Vector b) HWY_ATTR {  // blocks a0+a2, a1+a3, b0+b2, b1+b3
    return hn::Add(hn::ConcatLowerLower(tag, b, a), hn::ConcatUpperUpper(tag, b, a));
  };
  const Vector low = halves(sums_in_blocks(x), sums_in_blocks(x + 4));
  const Vector high = halves(sums_in_blocks(x + 8), sums_in_blocks(x + 12));
  return hn::Add(Vector{_mm512_shuffle_f32x4(low.raw, high.raw, _MM_SHUFFLE(2, 0, 2, 0))},
                 Vector{_mm512_shuffle_f32x4(low.raw, high.raw, _MM_SHUFFLE(3, 1, 3, 1))});
#elif HWY_TARGET == HWY_AVX2
  const Vector low = sums_in_blocks(x);
  const Vector high = sums_in_blocks(x + 4);
  return hn::Add(hn::ConcatLowerLower(tag, high, low), hn::ConcatUpperUpper(tag, high, low));
#elif HWY_TARGET == HWY_SCALAR
  return x[0];
#else
  return sums_in_blocks(x);
#endif
}

// Dot products of `rows` queries with lanes / rows keys: as many as a vector has lanes, so that one
// transposition sums them all. Sum i is of query i / keys and key i % keys.
template <int rows>
struct Dots {
  static constexpr int keys = static_cast<int>(lanes) / rows;
  static constexpr auto all_sums = std::make_index_sequence<lanes>();
  static constexpr auto all_rows = std::make_index_sequence<rows>();

  template <std::size_t... i>
  static HWY_INLINE void clear(std::index_sequence<i...>, Vector* sum) {
    ((sum[i] = hn::Zero(tag)), ...);
  }

  template <class Load, std::size_t... r, std::size_t... i>
  static HWY_INLINE void add(std::index_sequence<r...>, std::index_sequence<i...>,
                             const StreamTask& t, const float* k, Index ahead, Index p,
                             const Load& load, Vector* sum) {
    const Vector q[] = {load(t.queries[r] + p)...};
    Vector key[keys];
    for (int j = 0; j < keys; ++j) {
      key[j] = load(k + j * t.stride + p);
      hwy::Prefetch(k + ahead + j * t.stride + p);
    }
    ((sum[i] = hn::MulAdd(q[i / keys], key[i % keys], sum[i])), ...);
  }

  static HWY_INLINE void store(const StreamTask& t, const Vector* sum, Index j) {
    const Vector sums = sums_of(sum);
    if constexpr (rows == 1) {
      hn::StoreU(sums, tag, t.scores + j);
    } else {
      std::array<float, lanes> each;
      hn::StoreU(sums, tag, each.data());
      for (int r = 0; r < rows; ++r) {
        std::copy_n(each.data() + Index{r} * keys, keys, t.scores + r * t.score_stride + j);
      }
    }
  }

  static HWY_INLINE void at(const StreamTask& t, Index ahead, Index j) {
    const float* k = t.rows_in + j * t.stride;
    Vector sum[lanes];
    clear(all_sums, sum);
    Index p = 0;
    for (; p + lanes <= t.head_dim; p += lanes) {
      add(
          all_rows, all_sums, t, k, ahead, p,
          [](const float* x) HWY_ATTR { return hn::LoadU(tag, x); }, sum);
    }
    if (p < t.head_dim) {
      const PartOfVector part(t.head_dim - p);
      add(
          all_rows, all_sums, t, k, ahead, p, [&](const float* x) HWY_ATTR { return part.load(x); },
          sum);
    }
    store(t, sum, j);
  }

  static void one_by_one(const StreamTask& t, Index first) {
    const PartOfVector part(t.head_dim % lanes);
    for (int r = 0; r < rows; ++r) {
      for (Index i = first; i < t.count; ++i) {
        const float* const q = t.queries[r];
        const float* const k = t.rows_in + i * t.stride;
        Vector sum = hn::Zero(tag);
        Index p = 0;
        for (; p + lanes <= t.head_dim; p += lanes) {
          sum = hn::MulAdd(hn::LoadU(tag, q + p), hn::LoadU(tag, k + p), sum);
        }
        if (p < t.head_dim) sum = hn::MulAdd(part.load(q + p), part.load(k + p), sum);
        t.scores[r * t.score_stride + i] = hn::GetLane(hn::SumOfLanes(tag, sum));
      }
    }
  }

  static void all(const StreamTask& t) {
    Index j = 0;
    const Index ahead = elements_ahead(t);
    for (; j + keys <= t.count; j += keys) at(t, ahead, j);
    if (j < t.count) one_by_one(t, j);
  }
};

void dots(const StreamTask& t) {
#if HWY_TARGET == HWY_SCALAR
  Dots<1>::all(t);
#else
  if (t.rows == 1) {
    Dots<1>::all(t);
  } else if (t.rows == 2) {
    Dots<2>::all(t);
  } else if (t.rows == 4) {
    Dots<4>::all(t);
  } else {
    StreamTask part = t;
    part.rows = 2;
    Dots<2>::all(part);
    part.rows = 1;
    part.queries += 2;
    part.scores += 2 * t.score_stride;
    Dots<1>::all(part);
  }
#endif
}

// Weighted sums of `vectors` vectors of each value, the last one perhaps masked.
template <int rows, int vectors, bool masked>
struct Sums {
  static constexpr auto all_sums = std::make_index_sequence<std::size_t{rows} * vectors>();
  static constexpr auto all_vectors = std::make_index_sequence<vectors>();

  static HWY_INLINE Vector load_one(bool part_of, const PartOfVector& part, const float* from) {
    return part_of ? part.load(from) : hn::LoadU(tag, from);
  }
  static constexpr bool is_part(std::size_t vector) { return masked && vector + 1 == vectors; }

  template <std::size_t... v>
  static HWY_INLINE void load(std::index_sequence<v...>, const PartOfVector& part,
                              const float* values, Index ahead, Vector* x) {
    ((x[v] = load_one(is_part(v), part, values + v * lanes),
      hwy::Prefetch(values + ahead + v * lanes)),
     ...);
  }

  template <std::size_t... i>
  static HWY_INLINE void start(std::index_sequence<i...>, const StreamTask& t, Index col,
                               const PartOfVector& part, Vector* sum) {
    ((sum[i] = t.factors == nullptr
                   ? hn::Zero(tag)
                   : hn::Mul(hn::Set(tag, t.factors[i / vectors]),
                             load_one(is_part(i % vectors), part,
                                      t.out[i / vectors] + col + i % vectors * lanes))),
     ...);
  }

  template <std::size_t... i>
  static HWY_INLINE void add(std::index_sequence<i...>, const float* weights, Index stride,
                             const Vector* x, Vector* sum) {
    ((sum[i] = hn::MulAdd(hn::Set(tag, weights[i / vectors * stride]), x[i % vectors], sum[i])),
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
  static HWY_INLINE void store(std::index_sequence<i...>, const StreamTask& t, Index col,
                               const PartOfVector& part, const Vector* sum) {
    (store_one(is_part(i % vectors), part, sum[i], t.out[i / vectors] + col + i % vectors * lanes),
     ...);
  }

  static void compute(const StreamTask& t, Index col, Index last_lanes) {
    const PartOfVector part(last_lanes);
    Vector sum[rows * vectors];
    start(all_sums, t, col, part, sum);
    const float* values = t.rows_in + col;
    const Index ahead = elements_ahead(t);
    for (Index j = 0; j < t.count; ++j) {
      Vector x[vectors];
      load(all_vectors, part, values, ahead, x);
      add(all_sums, t.scores + j, t.score_stride, x, sum);
      values += t.stride;
    }
    store(all_sums, t, col, part, sum);
  }
};

using SumsAt = void (*)(const StreamTask&, Index col, Index last_lanes);

template <int rows, std::size_t... v>
void values_of_rows(const StreamTask& t, std::index_sequence<v...>) {
  constexpr int vectors = sizeof...(v);
  static constexpr std::array<SumsAt, sizeof...(v)> whole = {&Sums<rows, v + 1, false>::compute...};
  static constexpr std::array<SumsAt, sizeof...(v)> masked = {&Sums<rows, v + 1, true>::compute...};
  for (Index col = 0; col < t.head_dim; col += vectors * lanes) {
    const Index cols = std::min(t.head_dim - col, vectors * lanes);
    const Index last_lanes = (cols - 1) % lanes + 1;
    const auto& by_vectors = last_lanes == lanes ? whole : masked;
    by_vectors[static_cast<std::size_t>(ceil_div(cols, lanes) - 1)](t, col, last_lanes);
  }
}

void values(const StreamTask& t) {
  // Eight sums hide the latency of an addition; 16 registers hold no more beside what they add.
  constexpr auto eight = std::make_index_sequence<8>();
  constexpr auto four = std::make_index_sequence<4>();
  constexpr auto narrow = std::make_index_sequence < HWY_TARGET == HWY_AVX3 ? 4 : 2 > ();
  switch (t.rows) {
    case 1:
      return values_of_rows<1>(t, eight);
    case 2:
      return values_of_rows<2>(t, four);
    case 3:
      return values_of_rows<3>(t, narrow);
    default:
      return values_of_rows<4>(t, narrow);
  }
}

const StreamKernels& dispatched_stream_kernels() {
  static constexpr StreamKernels kernels = {
      .most_rows = most_rows,
      .dots = dots,
      .values = values,
  };
  return kernels;
}

}  // namespace crossover::kernels::attention::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace crossover::kernels::attention {

HWY_EXPORT(dispatched_stream_kernels);

const StreamKernels& stream_kernels() { return HWY_DYNAMIC_DISPATCH(dispatched_stream_kernels)(); }

}  // namespace crossover::kernels::attention
#endif
