#pragma once

#include <optional>
#include <string>

#include "kernels/activation/activation.h"

namespace crossover::kernels::activation {

/// Checks y against the formula in double precision. Returns nullopt where y is right, else the
/// first violation: row, column, value, expected value, bound. For a call in place, the operand
/// that was overwritten is a copy of what it was.
///
/// With u = 2^-24, y may be off by |x| * e, times |up| and with 2*u of the product more where it is
/// gated. All functions are x times something in 0..1, so that e bounds the error of that:
/// - gelu: the argument of erf is off by 2*u of itself, which changes erf by at most 2*u * max of
///   z * erf'(z) < u; an error function may be off by 5e-7; halves and products add 3*u.
/// - gelu_tanh and silu: the exponent v goes through 6 roundings at most, which change the logistic
///   function s(v) by 6*u * max of |v * s'(v)| < 2*u; an exponential with relative error 2^-21
///   changes it by a quarter of that; tanh may be off by 2*u; sums, quotients and products add 4*u.
/// Results below exp(-87) * 90 < 2e-36 may be flushed to 0. NaN must stay NaN, +infinity must
/// become infinity, and for -infinity anything is right.
/// Cost: one error function or exponential in double per element.
std::optional<std::string> why_wrong(const Args& args, Function function, Gated gated);

}  // namespace crossover::kernels::activation
