// No #pragma once: compiled once for each instruction set, inside the frame of a simd*.cpp file.
#if defined(CROSSOVER_KERNELS_CORE_SIMD_ROTATION_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CROSSOVER_KERNELS_CORE_SIMD_ROTATION_INL_H_
#undef CROSSOVER_KERNELS_CORE_SIMD_ROTATION_INL_H_
#else
#define CROSSOVER_KERNELS_CORE_SIMD_ROTATION_INL_H_
#endif

#include <algorithm>
#include <array>
#include <hwy/highway.h>
#include <type_traits>
#include <utility>

#include "kernels/core/rotation.h"
#include "kernels/core/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace crossover::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using Tag = hn::ScalableTag<float>;
using Vector = hn::Vec<Tag>;

constexpr Tag tag;
constexpr Index lanes = hn::MaxLanes(tag);

/// Calls visit(WholeVector or PartOfVector, offset) for the vectors that cover [begin, end).
template <class Visit>
HWY_INLINE void for_each_vector(Index begin, Index end, const Visit& visit) {
  Index offset = begin;
  for (; offset + lanes <= end; offset += lanes) visit(WholeVector<Tag>(), offset);
  if (offset < end) visit(PartOfVector<Tag>(end - offset), offset);
}

/// Where `lanes` pairs, or fewer, lie: one vector of their cosines, and two of their elements.
struct WholePairs {
  WholeVector<Tag> angles;
  WholeVector<Tag> first;
  WholeVector<Tag> second;
};
struct PartOfPairs {
  PartOfVector<Tag> angles;
  PartOfVector<Tag> first;
  PartOfVector<Tag> second;

  HWY_INLINE PartOfPairs(Pairing pairing, Index count)
      : angles(count),
        first(pairing == Pairing::halves ? count : std::min(2 * count, lanes)),
        second(pairing == Pairing::halves ? count : std::max<Index>(2 * count - lanes, 0)) {}
};

/// GCC loads what is used twice from memory twice, which L1 has no time for: a third less speed.
HWY_INLINE void keep_in_register(Vector& value) {
#if HWY_TARGET == HWY_AVX3
  asm("" : "+v"(value.raw));
#elif HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_SSE4
  asm("" : "+x"(value.raw));
#else
  (void)value;
#endif
}

/// Turns pairs whose first elements are in one vector and whose second elements are in another.
struct TurnOfHalves {
  Vector cosine;
  Vector sine;

  HWY_INLINE TurnOfHalves(Vector cosines, Vector sines) : cosine(cosines), sine(sines) {}

  HWY_INLINE void apply(Vector& first, Vector& second) const {
    const Vector turned = hn::NegMulAdd(second, sine, hn::Mul(first, cosine));
    second = hn::MulAdd(first, sine, hn::Mul(second, cosine));
    first = turned;
  }
};

/// Turns two vectors of whole pairs. Both elements of a pair need its cosine, and its sine with
/// opposite signs.
struct TurnOfPairs {
  Vector first_cosine;
  Vector second_cosine;
  Vector first_sine;
  Vector second_sine;

  HWY_INLINE TurnOfPairs(Vector cosines, Vector sines) {
    const hn::RebindToSigned<Tag> integers;
    const auto lower = hn::ShiftRight<1>(hn::Iota(integers, 0));
    const auto upper = hn::Add(lower, hn::Set(integers, static_cast<int>(lanes / 2)));
    const auto to_first = hn::IndicesFromVec(tag, lower);
    const auto to_second = hn::IndicesFromVec(tag, upper);
    const Vector negative_in_even = hn::OddEven(hn::Zero(tag), hn::Set(tag, -0.0F));
    first_cosine = hn::TableLookupLanes(cosines, to_first);
    second_cosine = hn::TableLookupLanes(cosines, to_second);
    first_sine = hn::Xor(hn::TableLookupLanes(sines, to_first), negative_in_even);
    second_sine = hn::Xor(hn::TableLookupLanes(sines, to_second), negative_in_even);
  }

  HWY_INLINE void apply(Vector& first, Vector& second) const {
    first = hn::MulAdd(hn::Reverse2(tag, first), first_sine, hn::Mul(first, first_cosine));
    second = hn::MulAdd(hn::Reverse2(tag, second), second_sine, hn::Mul(second, second_cosine));
  }
};

/// A vector of one lane holds half a pair.
template <Pairing pairing>
using Turn =
    std::conditional_t<pairing == Pairing::halves || lanes == 1, TurnOfHalves, TurnOfPairs>;

/// What is done to elements on their way from memory to the rotation: nothing. A scaling says, for
/// the elements at an offset of every head, by what they are multiplied in head `head`.
struct Unscaled {
  template <class Memory>
  HWY_INLINE Unscaled at(const Memory&, Index) const {
    return {};
  }
  HWY_INLINE Vector scale(Vector value, Index) const { return value; }
};

/// Heads of one row, head_dim elements apart. y is x, or does not overlap it.
struct HeadRow {
  const float* x;
  float* y;
  Index heads;
  Index head_dim;
  Index first_head = 0;  // the number of the first one, as a scaling counts

  HWY_INLINE HeadRow head(Index number) const {
    return {x + number * head_dim, y + number * head_dim, 1, head_dim, first_head + number};
  }
};

/// `width` vectors of pairs: their cosines and sines are loaded once for all heads of a row.
template <Pairing pairing, int width, class Scaling>
struct Chunk {
  static constexpr auto all = std::make_index_sequence<width>();
  static constexpr bool apart = pairing == Pairing::halves;

  /// Where the vectors stand in a head.
  struct Place {
    Index first;
    Index second;
    HWY_INLINE Place(Index pairs, Index pair)
        : first(apart ? pair : 2 * pair), second(apart ? pairs + pair : 2 * pair + lanes) {}
    HWY_INLINE Index first_of(std::size_t v) const { return first + step * static_cast<Index>(v); }
    HWY_INLINE Index second_of(std::size_t v) const {
      return second + step * static_cast<Index>(v);
    }
    static constexpr Index step = apart ? lanes : 2 * lanes;
  };

  template <class Memory, class Scale, std::size_t... v>
  static HWY_INLINE void turn_head(const float* x, float* y, Index head, const Memory& memory,
                                   const Place& place, const Scale* first_scale,
                                   const Scale* second_scale, const Turn<pairing>* turn,
                                   std::index_sequence<v...>) {
    Vector a[width] = {first_scale[v].scale(memory.first.load(x + place.first_of(v)), head)...};
    Vector b[width] = {second_scale[v].scale(memory.second.load(x + place.second_of(v)), head)...};
    ((keep_in_register(a[v]), keep_in_register(b[v])), ...);
    (turn[v].apply(a[v], b[v]), ...);
    if constexpr (apart) {
      (memory.first.store(a[v], y + place.first_of(v)), ...);
      (memory.second.store(b[v], y + place.second_of(v)), ...);
    } else {
      ((memory.first.store(a[v], y + place.first_of(v)),
        memory.second.store(b[v], y + place.second_of(v))),
       ...);
    }
  }

  /// Turns the pairs from `pair` on of all heads.
  template <class Memory, std::size_t... v>
  static HWY_INLINE void turn_pairs(const HeadRow& row, Index pairs, const Scaling& scaling,
                                    const Memory& memory, const float* cosines, const float* sines,
                                    Index pair, std::index_sequence<v...> every) {
    const Turn<pairing> turn[width] = {
        Turn<pairing>(memory.angles.load(cosines + pair + static_cast<Index>(v) * lanes),
                      memory.angles.load(sines + pair + static_cast<Index>(v) * lanes))...};
    const Place place(pairs, pair);
    using Scale = decltype(scaling.at(memory.first, 0));
    const Scale first_scale[width] = {scaling.at(memory.first, place.first_of(v))...};
    const Scale second_scale[width] = {scaling.at(memory.second, place.second_of(v))...};
    const float* x = row.x;
    float* y = row.y;
    for (Index head = 0; head < row.heads; ++head, x += row.head_dim, y += row.head_dim) {
      turn_head(x, y, row.first_head + head, memory, place, first_scale, second_scale, turn, every);
    }
  }
};

/// So many vectors of pairs find room in the registers together with what turns them. With 32
/// registers whole runs of four cache lines are read and written, in which L2 is half as fast again
/// as in single ones.
constexpr bool many_registers = HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_NEON;
template <Pairing pairing>
constexpr int chunk_width = (pairing == Pairing::halves ? 2 : 1) * (many_registers ? 2 : 1);

/// Turns all heads by the angles of `cosines` and `sines` [rotary_dim / 2], scaled on their way;
/// dimensions from rotary_dim on are scaled alone.
template <Pairing pairing, class Scaling>
HWY_INLINE void rotate_heads(const HeadRow& row, const Rotation& rotation, const Scaling& scaling,
                             const float* cosines, const float* sines) {
  constexpr int width = chunk_width<pairing>;
  using Wide = Chunk<pairing, width, Scaling>;
  using Narrow = Chunk<pairing, 1, Scaling>;
  const Index pairs = rotation.pairs();
  Index pair = 0;
  for (; pair + width * lanes <= pairs; pair += width * lanes) {
    Wide::turn_pairs(row, pairs, scaling, WholePairs(), cosines, sines, pair, Wide::all);
  }
  for (; pair + lanes <= pairs; pair += lanes) {
    Narrow::turn_pairs(row, pairs, scaling, WholePairs(), cosines, sines, pair, Narrow::all);
  }
  if (pair < pairs) {
    Narrow::turn_pairs(row, pairs, scaling, PartOfPairs(pairing, pairs - pair), cosines, sines,
                       pair, Narrow::all);
  }
  if (rotation.rotary_dim == row.head_dim) return;
  const auto scale = [&](const auto& memory, Index offset) HWY_ATTR {
    const auto scale_here = scaling.at(memory, offset);
    for (Index head = 0; head < row.heads; ++head) {
      const Index at = head * row.head_dim + offset;
      memory.store(scale_here.scale(memory.load(row.x + at), row.first_head + head), row.y + at);
    }
  };
  for_each_vector(rotation.rotary_dim, row.head_dim, scale);
}

/// The same. Heads of more than one chunk are turned one by one, in the order of memory, which
/// matters more from L2 on than loading their angles again.
template <Pairing pairing, class Scaling>
HWY_INLINE void rotate_row(const HeadRow& row, const Rotation& rotation, const Scaling& scaling,
                           const float* cosines, const float* sines) {
  if (row.head_dim <= 2 * chunk_width<pairing> * lanes) {
    return rotate_heads<pairing>(row, rotation, scaling, cosines, sines);
  }
  for (Index head = 0; head < row.heads; ++head) {
    rotate_heads<pairing>(row.head(head), rotation, scaling, cosines, sines);
  }
}

}  // namespace crossover::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
