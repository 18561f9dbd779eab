#include "kernels/qk_norm_rope/simd_heads.h"

#include <algorithm>
#include <array>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/qk_norm_rope/simd_heads.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h must come first
#include <hwy/highway.h>

#include "kernels/core/simd_rotation-inl.h"

HWY_BEFORE_NAMESPACE();
namespace crossover::kernels::qk_norm_rope::HWY_NAMESPACE {

namespace core = kernels::HWY_NAMESPACE;
namespace hn = hwy::HWY_NAMESPACE;
using core::lanes;
using core::tag;
using core::Vector;

/// So many heads are normalised and turned together; their factors wait on the stack.
constexpr Index most_heads = 16;

/// What the norm does to elements on their way to the rotation: x * factor[head] * weight.
struct Scaled {
  const float* weight;
  const float* factors;

  struct Here {
    const float* factors;
    Vector weight;

    HWY_INLINE Vector scale(Vector value, Index head) const {
      return hn::Mul(hn::Mul(value, hn::Set(tag, factors[head])), weight);
    }
  };

  template <class Memory>
  HWY_INLINE Here at(const Memory& memory, Index offset) const {
    return {factors, memory.load(weight + offset)};
  }
};

HWY_INLINE Vector add_square(Vector value, Vector sum) { return hn::MulAdd(value, value, sum); }

/// 1 / sqrt(sum(x^2) / head_dim + epsilon). In four sums, so that additions wait less for each
/// other.
HWY_INLINE float inverse_rms(const float* x, Index head_dim, float epsilon) {
  Vector sum0 = hn::Zero(tag);
  Vector sum1 = hn::Zero(tag);
  Vector sum2 = hn::Zero(tag);
  Vector sum3 = hn::Zero(tag);
  Index i = 0;
  for (; i + 4 * lanes <= head_dim; i += 4 * lanes) {
    sum0 = add_square(hn::LoadU(tag, x + i), sum0);
    sum1 = add_square(hn::LoadU(tag, x + i + lanes), sum1);
    sum2 = add_square(hn::LoadU(tag, x + i + 2 * lanes), sum2);
    sum3 = add_square(hn::LoadU(tag, x + i + 3 * lanes), sum3);
  }
  core::for_each_vector(i, head_dim, [&](const auto& memory, Index offset) HWY_ATTR {
    sum0 = add_square(memory.load(x + offset), sum0);
  });
  const Vector sum = hn::Add(hn::Add(sum0, sum1), hn::Add(sum2, sum3));
  const float squares = hn::GetLane(hn::SumOfLanes(tag, sum));
  return 1 / std::sqrt(squares / static_cast<float>(head_dim) + epsilon);
}

/// Normalises all heads, and turns them by the rotation; by none of its pairs for the norm alone.
template <Pairing pairing>
void normalise_and_rotate_pairs(const Heads& heads, const Norm& norm, const Angles& angles) {
  std::array<float, most_heads> factors;
  for (Index first = 0; first < heads.count; first += most_heads) {
    const Index count = std::min(most_heads, heads.count - first);
    const float* x = heads.x + first * heads.head_dim;
    for (Index head = 0; head < count; ++head) {
      factors[static_cast<std::size_t>(head)] =
          inverse_rms(x + head * heads.head_dim, heads.head_dim, norm.epsilon);
    }
    core::rotate_row<pairing>({x, heads.y + first * heads.head_dim, count, heads.head_dim},
                              angles.rotation, Scaled{norm.weight, factors.data()}, angles.cosines,
                              angles.sines);
  }
}

void normalise(const Heads& heads, const Norm& norm) {
  constexpr Rotation none;
  normalise_and_rotate_pairs<Pairing::halves>(heads, norm, {none, nullptr, nullptr});
}

void rotate(const Heads& heads, const Angles& angles) {
  const core::HeadRow row = {heads.x, heads.y, heads.count, heads.head_dim};
  constexpr core::Unscaled unscaled;
  if (angles.rotation.pairing == Pairing::halves) {
    core::rotate_row<Pairing::halves>(row, angles.rotation, unscaled, angles.cosines, angles.sines);
  } else {
    core::rotate_row<Pairing::interleaved>(row, angles.rotation, unscaled, angles.cosines,
                                           angles.sines);
  }
}

void normalise_and_rotate(const Heads& heads, const Norm& norm, const Angles& angles) {
  if (angles.rotation.pairing == Pairing::halves) {
    normalise_and_rotate_pairs<Pairing::halves>(heads, norm, angles);
  } else {
    normalise_and_rotate_pairs<Pairing::interleaved>(heads, norm, angles);
  }
}

const HeadKernels& dispatched_head_kernels() {
  static constexpr HeadKernels kernels = {
      .normalise = normalise, .rotate = rotate, .normalise_and_rotate = normalise_and_rotate};
  return kernels;
}

}  // namespace crossover::kernels::qk_norm_rope::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace crossover::kernels::qk_norm_rope {

HWY_EXPORT(dispatched_head_kernels);

const HeadKernels& head_kernels() { return HWY_DYNAMIC_DISPATCH(dispatched_head_kernels)(); }

}  // namespace crossover::kernels::qk_norm_rope
#endif
