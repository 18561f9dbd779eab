#include "model/gguf/blocks.h"

#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <vector>

#include "model/gguf/gguf_error.h"
#include "model/gguf/half_float.h"
#include "tests/model/guarded_bytes.h"

namespace crossover::model::test {
namespace {

std::vector<std::byte> encoded(TensorType type, const std::vector<float>& values) {
  std::vector<std::byte> bytes(*bytes_of(info_of(type), values.size()));
  encode(type, values, bytes);
  return bytes;
}

std::vector<float> decoded(TensorType type, std::span<const std::byte> bytes, std::size_t count) {
  std::vector<float> values(count);
  decode(type, bytes, values);
  return values;
}

TEST(TensorTypes, HaveTheSizesOfTheFormat) {
  const auto block = [](const char* name) {
    const TensorTypeInfo* info = find_tensor_type(name);
    return std::pair(info->block_elements, info->block_bytes);
  };
  EXPECT_EQ(block("f32"), std::pair(1U, 4U));
  EXPECT_EQ(block("bf16"), std::pair(1U, 2U));
  EXPECT_EQ(block("q8_0"), std::pair(32U, 34U));
  EXPECT_EQ(block("q4_k"), std::pair(256U, 144U));
  EXPECT_EQ(block("q5_k"), std::pair(256U, 176U));
  EXPECT_EQ(block("q6_k"), std::pair(256U, 210U));
  EXPECT_EQ(find_tensor_type("q9"), nullptr);
  EXPECT_EQ(find_tensor_type(4U), nullptr);
  std::uint32_t last = 0;
  for (const TensorTypeInfo& info : tensor_types()) {
    EXPECT_EQ(find_tensor_type(static_cast<std::uint32_t>(info.type)), &info);
    EXPECT_EQ(find_tensor_type(info.name), &info);
    EXPECT_GE(static_cast<std::uint32_t>(info.type), last);
    last = static_cast<std::uint32_t>(info.type) + 1;
  }
}

TEST(TensorTypes, SizesDoNotOverflow) {
  EXPECT_EQ(bytes_of(info_of(TensorType::q8_0), 64), 68U);
  EXPECT_EQ(bytes_of(info_of(TensorType::q8_0), 63), std::nullopt);
  EXPECT_EQ(bytes_of(info_of(TensorType::f32), std::uint64_t{1} << 62), std::nullopt);
  EXPECT_EQ(bytes_of(info_of(TensorType::f32), (std::uint64_t{1} << 62) - 1), ~std::uint64_t{3});
}

TEST(Blocks, Q8ByHand) {
  std::vector<float> values(32, 0.0F);
  values[0] = -254;  // d = 2
  values[1] = 3;     // 1.5, away from zero
  values[2] = -3;
  values[3] = 2.9F;
  values[31] = 253;  // 126.5
  const std::vector<std::byte> bytes = encoded(TensorType::q8_0, values);
  ASSERT_EQ(bytes.size(), 34U);
  std::uint16_t scale = 0;
  std::memcpy(&scale, bytes.data(), 2);
  EXPECT_EQ(f32_from_f16(scale), 2);
  const auto quant = [&](std::size_t i) {
    return static_cast<int>(static_cast<signed char>(bytes[2 + i]));
  };
  EXPECT_EQ(quant(0), -127);
  EXPECT_EQ(quant(1), 2);
  EXPECT_EQ(quant(2), -2);
  EXPECT_EQ(quant(3), 1);
  EXPECT_EQ(quant(4), 0);
  EXPECT_EQ(quant(31), 127);
  EXPECT_EQ(decoded(TensorType::q8_0, bytes, 32)[0], -254);
  EXPECT_EQ(decoded(TensorType::q8_0, bytes, 32)[3], 2);
}

TEST(Blocks, Q8OfZerosAndOfTinyValuesIsZero) {
  for (const float value : {0.0F, -0.0F, 1e-45F, -1e-40F}) {
    const std::vector<std::byte> bytes = encoded(TensorType::q8_0, std::vector<float>(32, value));
    EXPECT_EQ(decoded(TensorType::q8_0, bytes, 32), std::vector<float>(32, 0.0F));
  }
}

TEST(Blocks, Q8RefusesWhatHasNoScale) {
  for (const float value : {NAN, INFINITY, -INFINITY, 1e7F}) {
    std::vector<float> values(64, 1.0F);
    values[45] = value;
    EXPECT_THROW(encoded(TensorType::q8_0, values), GgufError) << value;
  }
}

TEST(Blocks, Q8IsWithinHalfAStep) {
  EXPECT_TRUE(rc::check([] {
    const int exponent = *rc::gen::inRange(-12, 20);
    std::vector<float> values(96);
    for (float& value : values) {
      value = std::ldexp(static_cast<float>(*rc::gen::inRange(-10'000, 10'001)) / 10'000, exponent);
    }
    const std::vector<float> back =
        decoded(TensorType::q8_0, encoded(TensorType::q8_0, values), values.size());
    for (std::size_t first = 0; first < values.size(); first += 32) {
      float largest = 0;
      for (std::size_t i = first; i < first + 32; ++i) {
        largest = std::max(largest, std::abs(values[i]));
      }
      // Half a step, and 127 steps that are wrong by the rounding of d to f16: 2^-11 of it, or half
      // of the smallest number that f16 has.
      const float step = largest / 127;
      const float bound = step * 0.5001F + 127 * std::max(step * 0x1p-11F, 0x1p-25F);
      for (std::size_t i = first; i < first + 32; ++i) {
        RC_ASSERT(std::abs(back[i] - values[i]) <= bound);
      }
    }
  }));
}

TEST(Blocks, HalvesAndFloatsKeepWhatTheyCanHold) {
  const std::vector<float> values = {0, -1.5F, 0x1p-14F, 1024, -0.0F};
  for (const TensorType type : {TensorType::f32, TensorType::f16, TensorType::bf16}) {
    EXPECT_EQ(decoded(type, encoded(type, values), values.size()), values);
  }
}

TEST(Blocks, AreReadAtAnyAddressAndNotBehindTheirEnd) {
  for (const TensorType type :
       {TensorType::f32, TensorType::f16, TensorType::bf16, TensorType::q8_0}) {
    const std::vector<std::byte> bytes = encoded(type, std::vector<float>(64, 0.75F));
    for (std::size_t shift = 0; shift < 4; ++shift) {
      std::vector<std::byte> shifted(bytes);
      shifted.resize(bytes.size() + shift);
      const GuardedBytes guarded(shifted);
      std::memcpy(guarded.view().data(), bytes.data(), bytes.size());
      const std::vector<float> values = decoded(type, guarded.view().first(bytes.size()), 64);
      for (const float value : values) EXPECT_NEAR(value, 0.75F, 0.001F);
    }
  }
}

TEST(Blocks, RefuseWrongSizesAndTypesWithoutCodec) {
  std::vector<float> values(32);
  std::vector<std::byte> bytes(33);
  EXPECT_THROW(decode(TensorType::q8_0, bytes, values), GgufError);
  EXPECT_THROW(encode(TensorType::f16, values, bytes), GgufError);
  values.resize(256);
  bytes.resize(144);
  EXPECT_THROW(decode(TensorType::q4_k, bytes, values), GgufError);
  EXPECT_FALSE(has_codec(TensorType::q4_k));
}

}  // namespace
}  // namespace crossover::model::test
