#pragma once

#include <cstdint>
#include <string_view>

namespace crossover::model {

constexpr std::string_view gguf_magic = "GGUF";

/// Keys and names of tensors may not be longer, by the format's definition.
constexpr std::uint64_t most_key_bytes = 65535;
constexpr std::uint64_t most_name_bytes = 64;

constexpr std::string_view alignment_key = "general.alignment";
/// Where that key is missing.
constexpr std::uint64_t usual_alignment = 32;
/// More would only be padding, and sums of offsets stay far from 64 bits.
constexpr std::uint64_t most_alignment = std::uint64_t{1} << 30;

constexpr bool is_legal_alignment(std::uint64_t alignment) {
  return alignment >= 8 && alignment % 8 == 0 && alignment <= most_alignment;
}

}  // namespace crossover::model
