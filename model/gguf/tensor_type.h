#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace crossover::model {

/// The numbers that GGUF files use. Others that are recognised have no name here; see tensor_types.
enum class TensorType : std::uint32_t {
  f32 = 0,
  f16 = 1,
  q8_0 = 8,
  q4_k = 12,
  q5_k = 13,
  q6_k = 14,
  bf16 = 30,
};

/// A row of a tensor is stored as blocks: `block_elements` values in `block_bytes` bytes.
struct TensorTypeInfo {
  TensorType type;
  std::string_view name;
  std::uint32_t block_elements;
  std::uint32_t block_bytes;
};

/// Every type whose size is known, so that files with it can be inspected; ascending in number.
/// Source: ggml's documentation of GGUF and its block layouts, 2025.
std::span<const TensorTypeInfo> tensor_types();

/// Null where the number is not known.
const TensorTypeInfo* find_tensor_type(std::uint32_t number);

/// By name, such as "q8_0"; null where there is none.
const TensorTypeInfo* find_tensor_type(std::string_view name);

/// `type` must be one that find_tensor_type() knows.
const TensorTypeInfo& info_of(TensorType type);

/// Bytes of `elements` values, or nothing where they do not fill whole blocks or exceed 64 bits.
std::optional<std::uint64_t> bytes_of(const TensorTypeInfo& info, std::uint64_t elements);

}  // namespace crossover::model
