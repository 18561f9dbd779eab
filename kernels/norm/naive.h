#pragma once

#include "kernels/norm/piece.h"

namespace crossover::kernels::norm {

// The loops of the definition, without SIMD.

/// h = x + residual.
void add(const Piece& piece);

/// The moments of what is normalised; writes h where there is a residual.
template <Kind kind>
Moments moments_of(const Piece& piece);

/// y from what is normalised.
template <Kind kind>
void apply(const Piece& piece, const Line& line);

}  // namespace crossover::kernels::norm
