#pragma once

#include <bit>
#include <cstdint>

#include "kernels/core/matrix.h"

namespace crossover::kernels::quant {

/// Values that share a scale, in weights and in quantised activations.
inline constexpr Index block_values = 32;

/// 32 weights, value[p] = scale * values[p]: GGUF's Q8_0, 34 bytes without padding, little-endian.
struct BlockQ8 {
  std::uint16_t scale = 0;  // IEEE binary16; finite
  std::int8_t values[block_values] = {};
};
static_assert(sizeof(BlockQ8) == 34 && alignof(BlockQ8) == 2);

/// The number that the bits of an IEEE binary16 stand for, exactly; subnormal numbers, infinities
/// and NaN included.
inline float float_of_half(std::uint16_t half) {
  const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000U) << 16;
  const std::uint32_t magnitude = half & 0x7fffU;
  constexpr std::uint32_t first_infinite = 0x7c00;
  if (magnitude >= first_infinite) {
    return std::bit_cast<float>(sign | 0x7f800000U | (magnitude - first_infinite) << 13);
  }
  // As bits of an f32 they are the number times 2^-112, normal or not: exponents are biased by 127
  // instead of 15.
  const float scaled = std::bit_cast<float>(magnitude << 13) * 0x1p112F;
  return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(scaled));
}

}  // namespace crossover::kernels::quant
