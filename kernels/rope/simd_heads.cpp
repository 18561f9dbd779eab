#include "kernels/rope/simd_heads.h"

#include <array>
#include <numbers>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/rope/simd_heads.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h must come first
#include <hwy/highway.h>

#include "kernels/core/simd_rotation-inl.h"

HWY_BEFORE_NAMESPACE();
namespace crossover::kernels::rope::HWY_NAMESPACE {

namespace core = kernels::HWY_NAMESPACE;
namespace hn = hwy::HWY_NAMESPACE;
using core::lanes;
using core::tag;
using core::Vector;
using Integers = hn::RebindToSigned<core::Tag>;

void rotate(const Rotation& rotation, const float* cosines, const float* sines, Index heads,
            Index head_dim, const float* x, float* y) {
  const core::HeadRow row = {x, y, heads, head_dim};
  constexpr core::Unscaled unscaled;
  if (rotation.pairing == Pairing::halves) {
    core::rotate_row<Pairing::halves>(row, rotation, unscaled, cosines, sines);
  } else {
    core::rotate_row<Pairing::interleaved>(row, rotation, unscaled, cosines, sines);
  }
}

/// Angles as whole quarter turns, modulo 4, and a rest in radians within a quarter of pi.
struct Reduced {
  hn::Vec<Integers> quarters;
  Vector rest;
};

// As many angles as a vector of doubles holds.
struct PartReduced {
  using Doubles = hn::ScalableTag<double>;
  using Floats = hn::Rebind<float, Doubles>;
  using Quarters = hn::Rebind<std::int32_t, Doubles>;

  hn::Vec<Quarters> quarters;
  hn::Vec<Floats> rest;
};

HWY_INLINE PartReduced reduce_part(const double* quarter_turns, double position) {
  constexpr PartReduced::Doubles doubles;
  const auto turns = hn::Mul(hn::LoadU(doubles, quarter_turns), hn::Set(doubles, position));
  const auto whole = hn::Round(turns);
  const auto rest = hn::Mul(hn::Sub(turns, whole), hn::Set(doubles, std::numbers::pi / 2));
  return {hn::DemoteTo(PartReduced::Quarters(), whole), hn::DemoteTo(PartReduced::Floats(), rest)};
}

HWY_INLINE Reduced reduce(const double* quarter_turns, double position) {
  const PartReduced lower = reduce_part(quarter_turns, position);
#if HWY_TARGET == HWY_SCALAR
  return {lower.quarters, lower.rest};
#else
  const PartReduced upper = reduce_part(quarter_turns + lanes / 2, position);
  return {hn::Combine(Integers(), upper.quarters, lower.quarters),
          hn::Combine(tag, upper.rest, lower.rest)};
#endif
}

/// The sign bit where `bit` is set in `quarters`.
template <int bit>
HWY_INLINE Vector sign_of_bit(hn::Vec<Integers> quarters) {
  const auto only = hn::And(quarters, hn::Set(Integers(), 1 << bit));
  return hn::BitCast(tag, hn::ShiftLeft<31 - bit>(only));
}

HWY_INLINE void compute_vector(const double* quarter_turns, double position, Vector& cosine,
                               Vector& sine) {
  const Reduced angle = reduce(quarter_turns, position);
  const Vector z = hn::Mul(angle.rest, angle.rest);
  const auto coefficient = [](float value) HWY_ATTR { return hn::Set(tag, value); };
  const Vector s =
      hn::MulAdd(hn::MulAdd(coefficient(-1.9515295891e-4F), z, coefficient(8.3321608736e-3F)), z,
                 coefficient(-1.6666654611e-1F));
  const Vector c = hn::MulAdd(
      hn::MulAdd(coefficient(2.443315711809948e-5F), z, coefficient(-1.388731625493765e-3F)), z,
      coefficient(4.166664568298827e-2F));
  const Vector sine_of_rest = hn::MulAdd(hn::Mul(angle.rest, z), s, angle.rest);
  const Vector cosine_of_rest =
      hn::MulAdd(hn::Mul(z, z), c, hn::NegMulAdd(coefficient(0.5F), z, coefficient(1.0F)));
  // An odd number of quarter turns exchanges sine and cosine; two of them negate both.
  const Integers integers;
  const auto one = hn::Set(integers, 1);
  const auto odd = hn::RebindMask(tag, hn::Eq(hn::And(angle.quarters, one), one));
  sine = hn::Xor(hn::IfThenElse(odd, cosine_of_rest, sine_of_rest), sign_of_bit<1>(angle.quarters));
  cosine = hn::Xor(hn::IfThenElse(odd, sine_of_rest, cosine_of_rest),
                   sign_of_bit<1>(hn::Add(angle.quarters, one)));
}

void compute(const double* quarter_turns, Index pairs, Index position, float* cosines,
             float* sines) {
  const auto at = static_cast<double>(position);
  Vector cosine = hn::Zero(tag);
  Vector sine = hn::Zero(tag);
  Index pair = 0;
  for (; pair + lanes <= pairs; pair += lanes) {
    compute_vector(quarter_turns + pair, at, cosine, sine);
    hn::StoreU(cosine, tag, cosines + pair);
    hn::StoreU(sine, tag, sines + pair);
  }
  if (pair < pairs) {
    std::array<double, lanes> rest = {};
    std::copy(quarter_turns + pair, quarter_turns + pairs, rest.begin());
    compute_vector(rest.data(), at, cosine, sine);
    const core::PartOfVector<core::Tag> part(pairs - pair);
    part.store(cosine, cosines + pair);
    part.store(sine, sines + pair);
  }
}

const HeadKernels& dispatched_head_kernels() {
  static constexpr HeadKernels kernels = {.rotate = rotate, .compute = compute};
  return kernels;
}

}  // namespace crossover::kernels::rope::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace crossover::kernels::rope {

HWY_EXPORT(dispatched_head_kernels);

const HeadKernels& head_kernels() { return HWY_DYNAMIC_DISPATCH(dispatched_head_kernels)(); }

}  // namespace crossover::kernels::rope
#endif
