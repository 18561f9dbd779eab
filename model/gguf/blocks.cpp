#include "model/gguf/blocks.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstring>

#include "model/gguf/gguf_error.h"
#include "model/gguf/half_float.h"
#include "model/gguf/value.h"

namespace crossover::model {
namespace {

constexpr std::size_t q8_elements = 32;
constexpr std::size_t q8_bytes = 2 + q8_elements;

template <class Stored, class Convert>
void decode_each(const std::byte* bytes, std::span<float> values, Convert convert) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = convert(load<Stored>(bytes + i * sizeof(Stored)));
  }
}

template <class Stored, class Convert>
void encode_each(std::span<const float> values, std::byte* bytes, Convert convert) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Stored stored = convert(values[i]);
    std::memcpy(bytes + i * sizeof(Stored), &stored, sizeof(Stored));
  }
}

void decode_q8(const std::byte* block, std::span<float> values) {
  for (std::size_t first = 0; first < values.size(); first += q8_elements, block += q8_bytes) {
    const float scale = f32_from_f16(load<std::uint16_t>(block));
    for (std::size_t i = 0; i < q8_elements; ++i) {
      values[first + i] = scale * static_cast<float>(load<std::int8_t>(block + 2 + i));
    }
  }
}

/// std::round() of |value| < 2^31, without a call of a library for each weight.
std::int32_t rounded(float value) {
  const auto whole = static_cast<std::int32_t>(value);
  const float rest = value - static_cast<float>(whole);
  return whole + (rest >= 0.5F ? 1 : 0) - (rest <= -0.5F ? 1 : 0);
}

void encode_q8_block(const float* values, std::byte* block) {
  float largest = 0;
  bool finite = true;
  for (std::size_t i = 0; i < q8_elements; ++i) {
    largest = std::max(largest, std::abs(values[i]));
    finite = finite && std::isfinite(values[i]);
  }
  const float scale = largest / 127;
  const std::uint16_t stored = f16_from_f32(scale);
  if (!finite || !std::isfinite(f32_from_f16(stored))) {
    throw GgufError("a weight is not finite, or too large for q8_0");
  }
  std::memcpy(block, &stored, sizeof(stored));
  // 1 / scale overflows for the smallest subnormal scales; their blocks are 0 in f16 anyway.
  const float inverse = stored == 0 ? 0 : 1 / scale;
  for (std::size_t i = 0; i < q8_elements; ++i) {
    block[2 + i] = static_cast<std::byte>(rounded(values[i] * inverse));
  }
}

void check_sizes(TensorType type, std::size_t elements, std::size_t bytes) {
  if (!has_codec(type)) {
    throw GgufError(
        fmt::format("weights of type {} cannot be converted; expected f32, f16, bf16 or "
                    "q8_0",
                    info_of(type).name));
  }
  if (bytes_of(info_of(type), elements) != bytes) {
    throw GgufError(
        fmt::format("{} values of {} do not take {} bytes", elements, info_of(type).name, bytes));
  }
}

}  // namespace

bool has_codec(TensorType type) {
  return type == TensorType::f32 || type == TensorType::f16 || type == TensorType::bf16 ||
         type == TensorType::q8_0;
}

void decode(TensorType type, std::span<const std::byte> bytes, std::span<float> values) {
  check_sizes(type, values.size(), bytes.size());
  if (values.empty()) return;
  if (type == TensorType::f32) {
    std::memcpy(values.data(), bytes.data(), bytes.size());
  } else if (type == TensorType::f16) {
    decode_each<std::uint16_t>(bytes.data(), values, f32_from_f16);
  } else if (type == TensorType::bf16) {
    decode_each<std::uint16_t>(bytes.data(), values, f32_from_bf16);
  } else {
    decode_q8(bytes.data(), values);
  }
}

void encode(TensorType type, std::span<const float> values, std::span<std::byte> bytes) {
  check_sizes(type, values.size(), bytes.size());
  if (values.empty()) return;
  if (type == TensorType::f32) {
    std::memcpy(bytes.data(), values.data(), bytes.size());
  } else if (type == TensorType::f16) {
    encode_each<std::uint16_t>(values, bytes.data(), f16_from_f32);
  } else if (type == TensorType::bf16) {
    encode_each<std::uint16_t>(values, bytes.data(), bf16_from_f32);
  } else {
    for (std::size_t block = 0; block * q8_elements < values.size(); ++block) {
      encode_q8_block(values.data() + block * q8_elements, bytes.data() + block * q8_bytes);
    }
  }
}

}  // namespace crossover::model
