#include "kernels/activation/simd_loops.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/activation/simd_loops.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h must come first
#include <hwy/highway.h>

#include "kernels/core/erf-inl.h"
#include "kernels/core/exp-inl.h"
#include "kernels/core/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace crossover::kernels::activation::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
namespace core = kernels::HWY_NAMESPACE;
using Tag = hn::ScalableTag<float>;
using Vector = hn::Vec<Tag>;

constexpr Tag tag;

// x / (1 + exp(exponent)): silu for -x, and since (1 + tanh(u)) / 2 = 1 / (1 + exp(-2u)), the other
// GELU for -2u. One exponential, and no cancellation where x is negative.
HWY_INLINE Vector logistic_share(Vector x, Vector exponent) {
  return hn::Div(x, hn::Add(hn::Set(tag, 1.0F), core::exp(tag, exponent)));
}

template <Function function>
HWY_INLINE Vector value_at(Vector x) {
  if constexpr (function == Function::gelu) {
    const Vector half = hn::Mul(x, hn::Set(tag, 0.5F));
    return hn::MulAdd(half, core::erf(tag, hn::Mul(x, hn::Set(tag, inverse_root_of_2))), half);
  } else if constexpr (function == Function::gelu_tanh) {
    constexpr float linear = -2 * root_of_2_by_pi;
    const Vector slope =
        hn::MulAdd(hn::Mul(x, x), hn::Set(tag, linear * gelu_cubic), hn::Set(tag, linear));
    return logistic_share(x, hn::Mul(x, slope));
  } else {
    return logistic_share(x, hn::Neg(x));
  }
}

template <Function function, Gated gated>
void compute(const Piece& piece) {
  core::for_each_vector(tag, piece.cols, [=](Index at, const auto& part) HWY_ATTR {
    Vector value = value_at<function>(part.load(piece.x + at));
    if constexpr (gated == Gated::mul) value = hn::Mul(value, part.load(piece.up + at));
    part.store(value, piece.y + at);
  });
}

template <Gated gated>
Loop loop_of(Function function) {
  if (function == Function::gelu) return compute<Function::gelu, gated>;
  if (function == Function::gelu_tanh) return compute<Function::gelu_tanh, gated>;
  return compute<Function::silu, gated>;
}

SimdLoop dispatched_loop(Function function, Gated gated) {
  return {core::instruction_set_name,
          gated == Gated::mul ? loop_of<Gated::mul>(function) : loop_of<Gated::none>(function)};
}

}  // namespace crossover::kernels::activation::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace crossover::kernels::activation {

HWY_EXPORT(dispatched_loop);

SimdLoop simd_loop(Function function, Gated gated) {
  return HWY_DYNAMIC_DISPATCH(dispatched_loop)(function, gated);
}

}  // namespace crossover::kernels::activation
#endif
