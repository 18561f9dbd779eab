#include "model/gguf/half_float.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>

namespace crossover::model {
namespace {

/// By the definition of binary16, in double precision.
double value_of(unsigned half) {
  const double sign = (half & 0x8000U) != 0 ? -1 : 1;
  const int exponent = static_cast<int>((half >> 10) & 0x1FU);
  const double mantissa = half & 0x3FFU;
  if (exponent == 31) return mantissa == 0 ? sign * INFINITY : std::nan("");
  if (exponent == 0) return sign * std::ldexp(mantissa, -24);
  return sign * std::ldexp(1024 + mantissa, exponent - 25);
}

TEST(HalfFloat, EveryF16IsExact) {
  for (unsigned half = 0; half < 0x10000; ++half) {
    const float value = f32_from_f16(static_cast<std::uint16_t>(half));
    const double expected = value_of(half);
    if (std::isnan(expected)) {
      EXPECT_TRUE(std::isnan(value)) << half;
      EXPECT_TRUE(std::isnan(f32_from_f16(f16_from_f32(value)))) << half;
      continue;
    }
    EXPECT_EQ(value, expected) << half;
    EXPECT_EQ(std::signbit(value), (half & 0x8000U) != 0) << half;
    EXPECT_EQ(f16_from_f32(value), half);
  }
}

TEST(HalfFloat, F16IsTheNearest) {
  constexpr unsigned largest = 0x7BFF;
  for (unsigned half = 0; half < largest; ++half) {
    const auto middle = static_cast<float>((value_of(half) + value_of(half + 1)) / 2);
    const unsigned even = half + (half & 1U);
    EXPECT_EQ(f16_from_f32(middle), even) << half;
    EXPECT_EQ(f16_from_f32(std::nextafter(middle, 0.0F)), half);
    EXPECT_EQ(f16_from_f32(std::nextafter(middle, 1e9F)), half + 1);
    EXPECT_EQ(f16_from_f32(-std::nextafter(middle, 0.0F)), half | 0x8000U);
  }
  EXPECT_EQ(f16_from_f32(std::nextafter(65520.0F, 0.0F)), largest);
  EXPECT_EQ(f16_from_f32(65520.0F), 0x7C00);
  EXPECT_EQ(f16_from_f32(-std::numeric_limits<float>::max()), 0xFC00);
  EXPECT_EQ(f16_from_f32(std::numeric_limits<float>::denorm_min()), 0);
}

TEST(HalfFloat, EveryBf16IsExact) {
  for (unsigned half = 0; half < 0x10000; ++half) {
    const float value = f32_from_bf16(static_cast<std::uint16_t>(half));
    EXPECT_EQ(std::bit_cast<std::uint32_t>(value), half << 16);
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(f32_from_bf16(bf16_from_f32(value)))) << half;
    } else {
      EXPECT_EQ(bf16_from_f32(value), half);
    }
  }
}

TEST(HalfFloat, Bf16IsTheNearest) {
  for (unsigned half = 0; half < 0x7F7F; ++half) {
    const float middle = std::bit_cast<float>((half << 16) | 0x8000U);
    EXPECT_EQ(bf16_from_f32(middle), half + (half & 1U));
    EXPECT_EQ(bf16_from_f32(std::nextafter(middle, 0.0F)), half);
    EXPECT_EQ(bf16_from_f32(std::nextafter(middle, INFINITY)), half + 1);
  }
  EXPECT_EQ(bf16_from_f32(std::numeric_limits<float>::max()), 0x7F80);
  // The payload of a NaN may lie in the bits that are cut off.
  EXPECT_TRUE(std::isnan(f32_from_bf16(bf16_from_f32(std::bit_cast<float>(0x7F800001U)))));
}

}  // namespace
}  // namespace crossover::model
