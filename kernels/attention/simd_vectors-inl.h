// Per-target inline header, as Highway has them: include it after foreach_target.h.
#if defined(CROSSOVER_KERNELS_ATTENTION_SIMD_VECTORS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CROSSOVER_KERNELS_ATTENTION_SIMD_VECTORS_INL_H_
#undef CROSSOVER_KERNELS_ATTENTION_SIMD_VECTORS_INL_H_
#else
#define CROSSOVER_KERNELS_ATTENTION_SIMD_VECTORS_INL_H_
#endif

#include <hwy/highway.h>

#include "kernels/core/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace crossover::kernels::attention::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using Tag = hn::ScalableTag<float>;
using Vector = hn::Vec<Tag>;

constexpr Tag tag;
constexpr Index lanes = hn::MaxLanes(tag);

using PartOfVector = kernels::HWY_NAMESPACE::PartOfVector<Tag>;

}  // namespace crossover::kernels::attention::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // CROSSOVER_KERNELS_ATTENTION_SIMD_VECTORS_INL_H_
