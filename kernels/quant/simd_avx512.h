#pragma once

// gcc 12 takes the undefined operands of its own AVX-512 intrinsics for uninitialised ones.
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include <immintrin.h>

#include "kernels/quant/simd_code.h"

// Every function that uses these instructions says so itself, so that nothing else is compiled for
// them. dpbusd multiplies an unsigned by a signed number. In panels and on the way from memory
// weights are biased by 128 (their sign bit flipped), and sums start at -128 * sum(activations),
// which costs nothing: they have to start somewhere.
#define CROSSOVER_AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni,f16c")))
#define CROSSOVER_AVX512_INLINE \
  __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni,f16c"), always_inline)) inline

namespace crossover::kernels::quant {

/// Products of four numbers each that make a block.
constexpr Index avx512_steps = block_values / 4;

/// Code::quantise of avx512_code.
CROSSOVER_AVX512 void quantise_avx512(const float* a, Index row, Range blocks,
                                      const QuantisedRows& to);

}  // namespace crossover::kernels::quant
