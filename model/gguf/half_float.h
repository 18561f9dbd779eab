#pragma once

#include <bit>
#include <cstdint>

namespace crossover::model {

/// The value of an IEEE 754 binary16 number; exact, subnormals, infinities and NaN included.
inline float f32_from_f16(std::uint16_t half) {
  const std::uint32_t sign = (half & 0x8000U) << 16;
  const std::uint32_t exponent = (half >> 10) & 0x1FU;
  const std::uint32_t mantissa = half & 0x3FFU;
  if (exponent == 0) {  // mantissa * 2^-24: zero or subnormal
    const float magnitude = static_cast<float>(mantissa) * 0x1p-24F;
    return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(magnitude));
  }
  const std::uint32_t shifted = exponent == 31 ? 255 : exponent + (127 - 15);
  return std::bit_cast<float>(sign | (shifted << 23) | (mantissa << 13));
}

/// The nearest binary16 number, ties to even; beyond 65,520 infinity; NaN stays NaN.
std::uint16_t f16_from_f32(float value);

/// The value of a bfloat16 number; exact.
inline float f32_from_bf16(std::uint16_t half) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(half) << 16);
}

/// The nearest bfloat16 number, ties to even; NaN stays NaN.
inline std::uint16_t bf16_from_f32(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if ((bits & 0x7FFFFFFFU) > 0x7F800000U) return static_cast<std::uint16_t>((bits >> 16) | 0x40U);
  return static_cast<std::uint16_t>((bits + 0x7FFFU + ((bits >> 16) & 1U)) >> 16);
}

}  // namespace crossover::model
