#pragma once

#include <bit>
#include <cstdint>
#include <limits>

#include "kernels/quant/q8_block.h"

namespace crossover::kernels::quant {

/// Blocks of activations whose largest magnitude is below are taken for zeros: the reciprocal of a
/// scale must not overflow.
inline constexpr float least_amax = 0x1p-100F;

/// Quantises 32 activations as matmul_q8.h defines it. Returns the scale and overwrites `values`
/// with numbers in [-127, 127].
/// Every step is one correctly rounded f32 operation, so all instruction sets agree on every bit.
inline float quantise_block(const float* x, std::int8_t* values) {
  std::uint32_t amax_bits = 0;  // numbers of one sign order like their bits; NaN above infinity
  for (Index p = 0; p < block_values; ++p) {
    const std::uint32_t magnitude = std::bit_cast<std::uint32_t>(x[p]) & 0x7fffffffU;
    if (magnitude > amax_bits) amax_bits = magnitude;
  }
  const auto amax = std::bit_cast<float>(amax_bits);
  const bool finite = amax_bits < 0x7f800000U;
  if (!finite || amax < least_amax) {
    for (Index p = 0; p < block_values; ++p) values[p] = 0;
    return finite ? 0 : std::numeric_limits<float>::quiet_NaN();
  }
  const float reciprocal = 127.0F / amax;
  constexpr float to_integer = 0x1.8p23F;  // adding it rounds to nearest, halves to even
  for (Index p = 0; p < block_values; ++p) {
    values[p] = static_cast<std::int8_t>(x[p] * reciprocal + to_integer - to_integer);
  }
  return amax / 127.0F;
}

}  // namespace crossover::kernels::quant
