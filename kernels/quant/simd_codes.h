#pragma once

#include <algorithm>

#include "kernels/quant/activation_block.h"
#include "kernels/quant/simd_code.h"

namespace crossover::kernels::quant {

// What code() chooses among; each stands in simd_<instruction set>.cpp, where it exists.
extern const Code avx512_code;
extern const Code avx2_code;
extern const Code neon_code;
extern const Code portable_code;

// Parts of the portable code that others use where their own would gain nothing.

/// Code::quantise, which also writes the offsets.
void quantise_portably(const float* a, Index row, Range blocks, const QuantisedRows& to);

/// Code::pack of weights as they are, without a bias.
void pack_portably(const WeightRows& weights, PanelBlock* panel);

/// Code::dequantise.
void dequantise_portably(const BlockQ8* blocks, Index count, float* to);

}  // namespace crossover::kernels::quant
