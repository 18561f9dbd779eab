#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "kernels/core/matrix.h"

namespace crossover::kernels {

/// Which two dimensions of a head turn together; pair i of a rotation over rotary_dim dimensions.
enum class Pairing {
  halves,       // i and i + rotary_dim / 2, as in GPT-NeoX, Gemma and Qwen
  interleaved,  // 2i and 2i + 1, as in GPT-J and in Llama's own weights
};

/// A rotary position embedding. At position p, pair i of a head turns by the angle
///   p * scale * base^(-2i / rotary_dim),
/// and dimensions from rotary_dim on do not turn.
/// Source: Su et al., RoFormer, arXiv:2104.09864, 2021; linear scale: Chen et al.,
/// arXiv:2306.15595, 2023.
struct Rotation {
  Index rotary_dim = 0;  // even, at most the head's dimension
  Pairing pairing = Pairing::halves;
  double base = 10000;
  double scale = 1;  // 1/8 stretches a context to 8 times its length

  bool operator==(const Rotation&) const = default;

  Index pairs() const { return rotary_dim / 2; }
  Index first_of(Index pair) const { return pairing == Pairing::halves ? pair : 2 * pair; }
  Index second_of(Index pair) const {
    return pairing == Pairing::halves ? pairs() + pair : 2 * pair + 1;
  }
};

/// "avx3 halves": how SIMD code for it is told from other code.
std::string simd_code_path(const Rotation& rotation);

/// Why heads of that dimension cannot be turned so, or nullopt.
std::optional<std::string> why_invalid(const Rotation& rotation, Index head_dim);

/// The positions of the rows of a call: first, first + 1, ... or, where texts are packed one after
/// the other, one for each row. None is negative.
struct Positions {
  Index first = 0;
  std::span<const std::int32_t> each = {};  // [rows], or empty

  Index of(Index row) const {
    return each.empty() ? first + row : each[static_cast<std::size_t>(row)];
  }
};

/// The positions that calls may have: [first, first + count), below 2^31.
struct PositionRange {
  Index first = 0;
  Index count = 0;

  bool holds(Index position) const { return position >= first && position < first + count; }

  bool holds_all(const Positions& positions, Index rows) const {
    for (Index row = 0; row < rows; ++row) {
      if (!holds(positions.of(row))) return false;
    }
    return true;
  }
};

}  // namespace crossover::kernels
