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

HWY_BEFORE_NAMESPACE();
namespace crossover::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using Tag = hn::ScalableTag<float>;
using Vector = hn::Vec<Tag>;

constexpr Tag tag;
constexpr Index lanes = hn::MaxLanes(tag);

/// A vector in memory.
struct WholeVector {
  HWY_INLINE Vector load(const float* from) const { return hn::LoadU(tag, from); }
  HWY_INLINE void store(Vector value, float* to) const { hn::StoreU(value, tag, to); }
};

/// The first elements of a vector in memory; touches nothing behind them. The others load as zeros.
class PartOfVector {
 public:
  explicit HWY_INLINE PartOfVector(Index count)
      : count_(count), mask_(hn::FirstN(tag, static_cast<size_t>(count))) {}

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
  static constexpr bool masked_memory = HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2;

  Index count_;
  hn::Mask<Tag> mask_;
};

/// Calls visit(WholeVector or PartOfVector, offset) for the vectors that cover [begin, end).
template <class Visit>
HWY_INLINE void for_each_vector(Index begin, Index end, const Visit& visit) {
  Index offset = begin;
  for (; offset + lanes <= end; offset += lanes) visit(WholeVector(), offset);
  if (offset < end) visit(PartOfVector(end - offset), offset);
}

/// Where `lanes` pairs, or fewer, lie: one vector of their cosines, and two of their elements.
struct WholePairs {
  WholeVector angles;
  WholeVector first;
  WholeVector second;
};
struct PartOfPairs {
  PartOfVector angles;
  PartOfVector first;
  PartOfVector second;

  HWY_INLINE PartOfPairs(Pairing pairing, Index count)
      : angles(count),
        first(pairing == Pairing::halves ? count : std::min(2 * count, lanes)),
        second(pairing == Pairing::halves ? count : std::max<Index>(2 * count - lanes, 0)) {}
};

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

/// What is done to elements on their way from memory to the rotation: nothing.
struct Unscaled {
  template <class Memory>
  HWY_INLINE Unscaled at(const Memory&, Index) const {
    return {};
  }
  template <std::size_t head>
  HWY_INLINE Vector scale(Vector value) const {
    return value;
  }
};

/// Some heads of one row, one behind the other. y may be x, and overlaps it in no other way.
struct HeadRow {
  const float* x;
  float* y;
  Index head_dim;
};

/// One rotation of `heads` heads, whose number is known when this is compiled, so that cosines and
/// sines are loaded once for all of them. `Scaling` is Unscaled, or has the same functions.
template <Pairing pairing, int heads, class Scaling>
struct HeadGroup {
  static constexpr auto all = std::make_index_sequence<heads>();

  template <std::size_t head, class Memory, class First, class Second>
  static HWY_INLINE void turn_head(const HeadRow& row, const Memory& memory, Index first,
                                   Index second, const First& first_scaling,
                                   const Second& second_scaling, const Turn<pairing>& turn) {
    const Index offset = static_cast<Index>(head) * row.head_dim;
    Vector a = first_scaling.template scale<head>(memory.first.load(row.x + offset + first));
    Vector b = second_scaling.template scale<head>(memory.second.load(row.x + offset + second));
    turn.apply(a, b);
    memory.first.store(a, row.y + offset + first);
    memory.second.store(b, row.y + offset + second);
  }

  template <class Memory, std::size_t... head>
  static HWY_INLINE void turn_pairs(const HeadRow& row, Index pairs, const Scaling& scaling,
                                    const Memory& memory, const float* cosines, const float* sines,
                                    Index pair, std::index_sequence<head...>) {
    const bool apart = pairing == Pairing::halves;
    const Index first = apart ? pair : 2 * pair;
    const Index second = apart ? pairs + pair : 2 * pair + lanes;
    const Turn<pairing> turn(memory.angles.load(cosines + pair), memory.angles.load(sines + pair));
    const auto first_scaling = scaling.at(memory.first, first);
    const auto second_scaling = scaling.at(memory.second, second);
    (turn_head<head>(row, memory, first, second, first_scaling, second_scaling, turn), ...);
  }

  template <class Memory, std::size_t... head>
  static HWY_INLINE void copy(const HeadRow& row, const Scaling& scaling, const Memory& memory,
                              Index offset, std::index_sequence<head...>) {
    const auto scaling_here = scaling.at(memory, offset);
    (memory.store(scaling_here.template scale<head>(
                      memory.load(row.x + static_cast<Index>(head) * row.head_dim + offset)),
                  row.y + static_cast<Index>(head) * row.head_dim + offset),
     ...);
  }

  static HWY_INLINE void rotate(const HeadRow& row, const Rotation& rotation,
                                const Scaling& scaling, const float* cosines, const float* sines) {
    const Index pairs = rotation.pairs();  // GCC takes it for something that vector stores change
    Index pair = 0;
    for (; pair + lanes <= pairs; pair += lanes) {
      turn_pairs(row, pairs, scaling, WholePairs(), cosines, sines, pair, all);
    }
    if (pair < pairs) {
      turn_pairs(row, pairs, scaling, PartOfPairs(pairing, pairs - pair), cosines, sines, pair,
                 all);
    }
    for_each_vector(rotation.rotary_dim, row.head_dim, [&](auto memory, Index offset) HWY_ATTR {
      copy(row, scaling, memory, offset, all);
    });
  }
};

/// So many heads share one load of a cosine. More would be more streams than needed: at four, a
/// chunk of two vectors takes 2 stores and 2.5 loads per head, and stores are the limit.
constexpr int heads_at_a_time = 4;

}  // namespace crossover::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
