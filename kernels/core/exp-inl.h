// Per-target inline header, as Highway has them: include it after foreach_target.h and highway.h.
#if defined(CROSSOVER_KERNELS_CORE_EXP_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CROSSOVER_KERNELS_CORE_EXP_INL_H_
#undef CROSSOVER_KERNELS_CORE_EXP_INL_H_
#else
#define CROSSOVER_KERNELS_CORE_EXP_INL_H_
#endif

#include <hwy/highway.h>
#include <limits>

HWY_BEFORE_NAMESPACE();
namespace crossover::kernels::HWY_NAMESPACE {

namespace exp_detail {

/// 2^n * p(r) with x = n * ln 2 + r and n the nearest integer: right where n is in -126..127.
template <class D, class V = hwy::HWY_NAMESPACE::Vec<D>>
HWY_INLINE V scaled_polynomial(D d, V x) {
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::RebindToSigned<D> di;
  // Adding 1.5 * 2^23 rounds to an integer and leaves it in the low bits; with the 127 they are the
  // biased exponent of 2^n.
  const V magic = hn::Set(d, 12582912.0f + 127.0f);
  const V rounded = hn::MulAdd(x, hn::Set(d, 1.44269504f), magic);
  const V n = hn::Sub(rounded, magic);
  // ln 2 in two parts: n times the first one is exact.
  V r = hn::NegMulAdd(n, hn::Set(d, 0.693359375f), x);
  r = hn::NegMulAdd(n, hn::Set(d, -2.12194440e-4f), r);
  // Minimax on |r| <= ln(2)/2 of the relative error, 1.7e-7, with p(0) = 1.
  V p = hn::Set(d, 0x1.1085cap-7f);
  p = hn::MulAdd(p, r, hn::Set(d, 0x1.572a90p-5f));
  p = hn::MulAdd(p, r, hn::Set(d, 0x1.555672p-3f));
  p = hn::MulAdd(p, r, hn::Set(d, 0x1.fffe12p-2f));
  p = hn::MulAdd(p, r, hn::Set(d, 0x1.000002p+0f));
  p = hn::MulAdd(p, r, hn::Set(d, 1.0f));
  return hn::Mul(p, hn::BitCast(d, hn::ShiftLeft<23>(hn::BitCast(di, rounded))));
}

}  // namespace exp_detail

/// Below this the results would be denormal, and are 0.
inline constexpr float exp_lowest = -87.0f;

/// e^x for x <= 0, as softmax needs it: 1 at 0, 0 below exp_lowest and for -infinity; NaN stays
/// NaN. Relative error at most 4e-7. Cost: 12 instructions.
template <class D, class V = hwy::HWY_NAMESPACE::Vec<D>>
HWY_INLINE V exp_nonpositive(D d, V x) {
  namespace hn = hwy::HWY_NAMESPACE;
  return hn::IfThenZeroElse(hn::Lt(x, hn::Set(d, exp_lowest)), exp_detail::scaled_polynomial(d, x));
}

/// e^x for every x: as above, and infinity above 88.
template <class D, class V = hwy::HWY_NAMESPACE::Vec<D>>
HWY_INLINE V exp(D d, V x) {
  namespace hn = hwy::HWY_NAMESPACE;
  const V infinity = hn::Set(d, std::numeric_limits<float>::infinity());
  return hn::IfThenElse(hn::Gt(x, hn::Set(d, 88.0f)), infinity, exp_nonpositive(d, x));
}

}  // namespace crossover::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // CROSSOVER_KERNELS_CORE_EXP_INL_H_
