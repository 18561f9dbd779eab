#pragma once

#include "harness/case.h"
#include "harness/family.h"

namespace crossover::experiments {

/// The family "matmul_q8": extents m, n, k; `size` sets all three; tuples nk, mk, mn, mnk; settings
/// cache, buffers, isa and product (none, or the variant of matmul to which dequantise_first_simd
/// hands its f32 weights). Its peak is that of 8-bit dot products.
harness::FamilyInfo matmul_q8_family();

/// Activations are uniform in [-1, 1), weights uniform in [-127, 127] with scales in [1/128, 1/64),
/// the same for every arm on the same problem. Bytes are those of A, of W as blocks of 34, and of
/// C. Throws Unsupported where k is no multiple of 32, or a product is needed and there is none.
harness::Case matmul_q8_case(const harness::Cell& cell);

}  // namespace crossover::experiments
