// Per-target inline header, as Highway has them: include it after foreach_target.h and highway.h.
#if defined(CROSSOVER_KERNELS_CORE_ERF_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CROSSOVER_KERNELS_CORE_ERF_INL_H_
#undef CROSSOVER_KERNELS_CORE_ERF_INL_H_
#else
#define CROSSOVER_KERNELS_CORE_ERF_INL_H_
#endif

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace crossover::kernels::HWY_NAMESPACE {

/// erf(x) as x * p(x^2) / q(x^2), both of degree 5: minimax on |x| <= 3.92 of the relative error,
/// 1.9e-8, by iteratively reweighted least squares. Beyond, where 1 - erf(x) < 3e-8, it is the
/// value at 3.92. Relative error in f32 at most 5e-7, and |erf(x)| <= 1. Of NaN: something in
/// -1..1. Cost: 16 instructions, one of them a division.
template <class D, class V = hwy::HWY_NAMESPACE::Vec<D>>
HWY_INLINE V erf(D d, V x) {
  namespace hn = hwy::HWY_NAMESPACE;
  const V end = hn::Set(d, 3.92f);
  const V z = hn::Max(hn::Min(x, end), hn::Neg(end));
  const V t = hn::Mul(z, z);
  V p = hn::Set(d, 2.0500570948483125e-06f);
  p = hn::MulAdd(p, t, hn::Set(d, 2.8487622068679684e-04f));
  p = hn::MulAdd(p, t, hn::Set(d, 3.7654946296798246e-03f));
  p = hn::MulAdd(p, t, hn::Set(d, 5.274833488919293e-02f));
  p = hn::MulAdd(p, t, hn::Set(d, 1.904041610948878e-01f));
  p = hn::MulAdd(p, t, hn::Set(d, 1.128379146202592f));
  V q = hn::Set(d, 3.809105848853683e-05f);
  q = hn::MulAdd(q, t, hn::Set(d, 1.1624987706807858e-03f));
  q = hn::MulAdd(q, t, hn::Set(d, 1.4968975121598352e-02f));
  q = hn::MulAdd(q, t, hn::Set(d, 1.14108083498533e-01f));
  q = hn::MulAdd(q, t, hn::Set(d, 5.020740360679152e-01f));
  q = hn::MulAdd(q, t, hn::Set(d, 1.0f));
  const V one = hn::Set(d, 1.0f);
  return hn::Max(hn::Min(hn::Div(hn::Mul(z, p), q), one), hn::Neg(one));
}

}  // namespace crossover::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // CROSSOVER_KERNELS_CORE_ERF_INL_H_
