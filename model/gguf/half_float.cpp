#include "model/gguf/half_float.h"

namespace crossover::model {
namespace {

/// value / 2^shift, to the nearest integer, ties to even; 0 < shift < 32.
std::uint32_t rounded_shift(std::uint32_t value, std::uint32_t shift) {
  const std::uint32_t half = 1U << (shift - 1);
  const std::uint32_t odd = (value >> shift) & 1U;
  return (value + half - 1 + odd) >> shift;
}

}  // namespace

std::uint16_t f16_from_f32(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = (bits >> 16) & 0x8000U;
  const std::uint32_t magnitude = bits & 0x7FFFFFFFU;
  constexpr std::uint32_t infinity = 0x7F800000;
  if (magnitude > infinity) return static_cast<std::uint16_t>(sign | 0x7E00U);
  constexpr std::uint32_t least_normal = 0x38800000;  // 2^-14
  constexpr std::uint32_t overflow = 0x477FF000;      // 65,520, half way to the next after 65,504
  if (magnitude >= overflow) return static_cast<std::uint16_t>(sign | 0x7C00U);
  if (magnitude >= least_normal) {
    return static_cast<std::uint16_t>(sign | (rounded_shift(magnitude, 13) - ((127 - 15) << 10)));
  }
  const std::uint32_t exponent = magnitude >> 23;
  constexpr std::uint32_t least_exponent = 102;  // 2^-25: half of the smallest subnormal
  if (exponent < least_exponent) return static_cast<std::uint16_t>(sign);
  const std::uint32_t mantissa = (magnitude & 0x7FFFFFU) | 0x800000U;
  return static_cast<std::uint16_t>(sign | rounded_shift(mantissa, 126 - exponent));
}

}  // namespace crossover::model
