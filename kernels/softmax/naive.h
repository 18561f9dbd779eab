#pragma once

#include "kernels/softmax/piece.h"

namespace crossover::kernels::softmax {

/// Writes exp(scale * (x - max)) to y, without SIMD, and returns max and sum.
Weight weigh(const Piece& piece);

/// Multiplies y by `factor`.
void multiply(const Piece& piece, float factor);

}  // namespace crossover::kernels::softmax
