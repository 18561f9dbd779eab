// Per-target inline header, as Highway has them: include it after foreach_target.h and highway.h.
#if defined(CROSSOVER_KERNELS_CORE_VECTORS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CROSSOVER_KERNELS_CORE_VECTORS_INL_H_
#undef CROSSOVER_KERNELS_CORE_VECTORS_INL_H_
#else
#define CROSSOVER_KERNELS_CORE_VECTORS_INL_H_
#endif

#include <algorithm>
#include <array>
#include <hwy/highway.h>

#include "kernels/core/matrix.h"

HWY_BEFORE_NAMESPACE();
namespace crossover::kernels::HWY_NAMESPACE {

/// The name of the instruction set, for code paths.
inline constexpr const char* instruction_set_name =
#if HWY_TARGET == HWY_AVX3
    "avx3";
#elif HWY_TARGET == HWY_AVX2
    "avx2";
#elif HWY_TARGET == HWY_SSE4
    "sse4";
#elif HWY_TARGET == HWY_NEON
    "neon";
#else
    "generic";
#endif

/// Whether a masked load touches nothing behind the elements; elsewhere it reads the whole vector.
inline constexpr bool masked_memory = HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2;

/// A whole vector in memory, at any alignment.
template <class D>
struct WholeVector {
  using V = hwy::HWY_NAMESPACE::Vec<D>;

  HWY_INLINE V load(const float* from) const { return hwy::HWY_NAMESPACE::LoadU(D(), from); }
  HWY_INLINE void store(V value, float* to) const { hwy::HWY_NAMESPACE::StoreU(value, D(), to); }
  HWY_INLINE V or_else(V value, V) const { return value; }
};

/// The first elements of a vector in memory; touches nothing behind them.
template <class D>
class PartOfVector {
 public:
  using V = hwy::HWY_NAMESPACE::Vec<D>;

  explicit HWY_INLINE PartOfVector(Index count)
      : count_(count), mask_(hwy::HWY_NAMESPACE::FirstN(D(), static_cast<size_t>(count))) {}

  /// The elements, then zeros.
  HWY_INLINE V load(const float* from) const {
    namespace hn = hwy::HWY_NAMESPACE;
    if constexpr (masked_memory) return hn::MaskedLoad(mask_, D(), from);
    std::array<float, hn::MaxLanes(D())> part = {};
    std::copy_n(from, count_, part.begin());
    return hn::LoadU(D(), part.data());
  }

  HWY_INLINE void store(V value, float* to) const {
    namespace hn = hwy::HWY_NAMESPACE;
    if constexpr (masked_memory) return hn::BlendedStore(value, mask_, D(), to);
    std::array<float, hn::MaxLanes(D())> part;
    hn::StoreU(value, D(), part.data());
    std::copy_n(part.begin(), count_, to);
  }

  /// `value` in the lanes of the elements, `other` in those behind them.
  HWY_INLINE V or_else(V value, V other) const {
    return hwy::HWY_NAMESPACE::IfThenElse(mask_, value, other);
  }

 private:
  Index count_;
  hwy::HWY_NAMESPACE::Mask<D> mask_;
};

/// Calls step(first element, part) for all vectors of a row: WholeVectors and then, where elements
/// are left over, one PartOfVector.
template <class D, class Step>
HWY_INLINE void for_each_vector(D d, Index cols, const Step& step) {
  const auto lanes = static_cast<Index>(hwy::HWY_NAMESPACE::Lanes(d));
  Index at = 0;
  for (; at + 2 * lanes <= cols; at += 2 * lanes) {
    step(at, WholeVector<D>());
    step(at + lanes, WholeVector<D>());
  }
  for (; at + lanes <= cols; at += lanes) step(at, WholeVector<D>());
  if (at < cols) step(at, PartOfVector<D>(cols - at));
}

/// Folds a row: every vector goes through acc = step(acc, first element, part) with one of
/// `accumulators`, which all begin as `start`, and `join` makes one of them. Eight hide the latency
/// of a multiply-add of four cycles where two start in each; four do where a step is two of them.
/// In a PartOfVector the step must leave lanes behind the elements as they were.
template <int accumulators, class D, class Acc, class Step, class Join>
HWY_INLINE Acc fold_row(D d, Index cols, Acc start, const Step& step, const Join& join) {
  static_assert(accumulators == 4 || accumulators == 8);
  const auto lanes = static_cast<Index>(hwy::HWY_NAMESPACE::Lanes(d));
  const WholeVector<D> whole;
  Acc a0 = start, a1 = start, a2 = start, a3 = start;
  Acc a4 = start, a5 = start, a6 = start, a7 = start;
  Index at = 0;
  if constexpr (accumulators == 8) {
    for (; at + 8 * lanes <= cols; at += 8 * lanes) {
      a0 = step(a0, at, whole);
      a1 = step(a1, at + lanes, whole);
      a2 = step(a2, at + 2 * lanes, whole);
      a3 = step(a3, at + 3 * lanes, whole);
      a4 = step(a4, at + 4 * lanes, whole);
      a5 = step(a5, at + 5 * lanes, whole);
      a6 = step(a6, at + 6 * lanes, whole);
      a7 = step(a7, at + 7 * lanes, whole);
    }
    a0 = join(a0, a4);
    a1 = join(a1, a5);
    a2 = join(a2, a6);
    a3 = join(a3, a7);
  }
  for (; at + 4 * lanes <= cols; at += 4 * lanes) {
    a0 = step(a0, at, whole);
    a1 = step(a1, at + lanes, whole);
    a2 = step(a2, at + 2 * lanes, whole);
    a3 = step(a3, at + 3 * lanes, whole);
  }
  for (; at + lanes <= cols; at += lanes) a0 = step(a0, at, whole);
  if (at < cols) a1 = step(a1, at, PartOfVector<D>(cols - at));
  return join(join(a0, a1), join(a2, a3));
}

/// The same, as a sum that begins at 0, of all lanes.
template <class D, class Step>
HWY_INLINE float sum_of_row(D d, Index cols, const Step& step) {
  namespace hn = hwy::HWY_NAMESPACE;
  using V = hn::Vec<D>;
  const V sums =
      fold_row<8>(d, cols, hn::Zero(d), step, [](V a, V b) HWY_ATTR { return hn::Add(a, b); });
  return hn::GetLane(hn::SumOfLanes(d, sums));
}

}  // namespace crossover::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // CROSSOVER_KERNELS_CORE_VECTORS_INL_H_
