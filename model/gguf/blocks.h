#pragma once

#include <span>

#include "model/gguf/tensor_type.h"

namespace crossover::model {

/// Whether encode() and decode() know the type: f32, f16, bf16, q8_0.
bool has_codec(TensorType type);

/// The values that `bytes` stand for, to `values`. Sizes: bytes_of(type, values.size()).
/// Formula of q8_0: block b of 32 values is d_b (f16) and 32 signed bytes q; value = d_b * q.
/// Aliasing: none. Alignment: any. Throws GgufError where has_codec() is false or sizes differ.
void decode(TensorType type, std::span<const std::byte> bytes, std::span<float> values);

/// The reverse, rounded to nearest: f16 and bf16 ties to even; q8_0 with d = max|x| / 127 and
/// q = round(x / d), ties away from zero, d then rounded to f16.
/// Throws as decode(), and where a block of q8_0 holds NaN, an infinity or a value whose d exceeds
/// f16 (8.3 million).
void encode(TensorType type, std::span<const float> values, std::span<std::byte> bytes);

}  // namespace crossover::model
