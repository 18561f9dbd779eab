// Per-target inline header, as Highway has them: include it after foreach_target.h.
#if defined(CROSSOVER_KERNELS_ATTENTION_SIMD_VECTORS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CROSSOVER_KERNELS_ATTENTION_SIMD_VECTORS_INL_H_
#undef CROSSOVER_KERNELS_ATTENTION_SIMD_VECTORS_INL_H_
#else
#define CROSSOVER_KERNELS_ATTENTION_SIMD_VECTORS_INL_H_
#endif

#include <algorithm>
#include <array>
#include <hwy/highway.h>

#include "kernels/core/matrix.h"

HWY_BEFORE_NAMESPACE();
namespace crossover::kernels::attention::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using Tag = hn::ScalableTag<float>;
using Vector = hn::Vec<Tag>;

constexpr Tag tag;
constexpr Index lanes = hn::MaxLanes(tag);

constexpr bool masked_memory = HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2;

/// The first elements of a vector in memory; touches nothing behind them.
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

}  // namespace crossover::kernels::attention::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // CROSSOVER_KERNELS_ATTENTION_SIMD_VECTORS_INL_H_
