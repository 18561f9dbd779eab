#pragma once

#include "kernels/activation/activation.h"

namespace crossover::kernels::activation {

/// Contiguous elements.
struct Piece {
  const float* x = nullptr;
  const float* up = nullptr;  // null without a gate
  float* y = nullptr;
  Index cols = 0;
};

/// Computes a piece by one function, with or without a gate.
using Loop = void (*)(const Piece& piece);

inline Piece piece_of(const Args& args, Gated gated, Index row, Index first, Index cols) {
  const bool has_gate = gated == Gated::mul;
  return {args.x.row(row) + first, has_gate ? args.up.row(row) + first : nullptr,
          args.y.row(row) + first, cols};
}

/// The same as a single row where nothing lies between the rows, since no element needs its row.
inline Args flattened(Args args, Gated gated) {
  if (!args.x.dense() || !args.y.dense() || (gated == Gated::mul && !args.up.dense())) return args;
  const auto flatten = [](auto& operand) {
    operand.cols *= operand.rows;
    operand.stride = operand.cols;
    operand.rows = 1;
  };
  flatten(args.x);
  flatten(args.y);
  if (gated == Gated::mul) flatten(args.up);
  return args;
}

inline constexpr float inverse_root_of_2 = 0.70710678F;
inline constexpr float root_of_2_by_pi = 0.79788456F;
inline constexpr float gelu_cubic = 0.044715F;

}  // namespace crossover::kernels::activation
