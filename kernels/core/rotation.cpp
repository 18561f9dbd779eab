#include "kernels/core/rotation.h"

#include <fmt/format.h>

#include "kernels/core/instruction_set.h"

namespace crossover::kernels {

std::string simd_code_path(const Rotation& rotation) {
  return instruction_set() + (rotation.pairing == Pairing::halves ? " halves" : " interleaved");
}

std::optional<std::string> why_invalid(const Rotation& rotation, Index head_dim) {
  const auto& [rotary_dim, pairing, base, scale] = rotation;
  if (rotary_dim < 0 || rotary_dim > head_dim || rotary_dim % 2 != 0) {
    return fmt::format("rotary_dim = {}; expected an even number up to head_dim = {}", rotary_dim,
                       head_dim);
  }
  constexpr double largest_base = 1e9;
  if (!(base >= 1 && base <= largest_base) || !(scale > 0 && scale <= 1)) {
    return fmt::format("base = {}, scale = {}; expected 1 <= base <= 1e9 and 0 < scale <= 1", base,
                       scale);
  }
  return std::nullopt;
}

}  // namespace crossover::kernels
