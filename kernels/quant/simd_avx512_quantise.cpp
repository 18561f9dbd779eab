#include "kernels/quant/simd_codes.h"

#if defined(__x86_64__)

#include <limits>

#include "kernels/quant/simd_avx512.h"

namespace crossover::kernels::quant {
namespace {

// Blocks are quantised eight at a time: what is summed up over the lanes of one block is then a
// transposition, which costs a fifth of eight sums over lanes.
constexpr Index group_blocks = 8;

CROSSOVER_AVX512_INLINE __m512i unsigned_max(__m512i a, __m512i b) {
  return _mm512_max_epu32(a, b);
}
CROSSOVER_AVX512_INLINE __m512i sum(__m512i a, __m512i b) { return _mm512_add_epi32(a, b); }

/// In each quarter i of the result, element j is all four elements of quarter i of v[j], combined.
template <__m512i (*combine)(__m512i, __m512i)>
CROSSOVER_AVX512_INLINE __m512i combine_quarters(const __m512i* v) {
  const __m512i a = combine(_mm512_unpacklo_epi32(v[0], v[1]), _mm512_unpackhi_epi32(v[0], v[1]));
  const __m512i b = combine(_mm512_unpacklo_epi32(v[2], v[3]), _mm512_unpackhi_epi32(v[2], v[3]));
  return combine(_mm512_unpacklo_epi64(a, b), _mm512_unpackhi_epi64(a, b));
}

/// The bits of the largest magnitude of each of eight blocks.
CROSSOVER_AVX512_INLINE __m256i amax_bits(const float* x) {
  const __m512i magnitude = _mm512_set1_epi32(0x7fffffff);
  __m512i largest[group_blocks];
#pragma GCC unroll 8
  for (Index b = 0; b < group_blocks; ++b) {
    const float* block = x + b * block_values;
    largest[b] = _mm512_max_epu32(_mm512_and_si512(_mm512_loadu_si512(block), magnitude),
                                  _mm512_and_si512(_mm512_loadu_si512(block + 16), magnitude));
  }
  const __m512i low = combine_quarters<unsigned_max>(largest);
  const __m512i high = combine_quarters<unsigned_max>(largest + 4);
  const __m512i halves = _mm512_max_epu32(_mm512_shuffle_i32x4(low, high, 0x88),
                                          _mm512_shuffle_i32x4(low, high, 0xdd));
  const __m512i both = _mm512_max_epu32(halves, _mm512_shuffle_i32x4(halves, halves, 0xb1));
  return _mm512_castsi512_si256(_mm512_shuffle_i32x4(both, both, 0x08));
}

/// Two blocks at x, each times its factor and rounded.
CROSSOVER_AVX512_INLINE __m512i quantise_two(const float* x, const float* factors) {
  const __m512 first = _mm512_set1_ps(factors[0]);
  const __m512 second = _mm512_set1_ps(factors[1]);
  const __m512i a = _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_loadu_ps(x), first));
  const __m512i b = _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_loadu_ps(x + 16), first));
  const __m512i c = _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_loadu_ps(x + 32), second));
  const __m512i d = _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_loadu_ps(x + 48), second));
  // Packing works within quarters: words come out as a0 b0 c0 d0 a1 b1 c1 d1 ...
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  return _mm512_permutexvar_epi32(
      order, _mm512_packs_epi16(_mm512_packs_epi32(a, b), _mm512_packs_epi32(c, d)));
}

/// Eight blocks at x into the blocks of `to` from number `at` on.
CROSSOVER_AVX512_INLINE void quantise_group(const float* x, Index at, const QuantisedRows& to) {
  const __m256i bits = amax_bits(x);
  const __m256 amax = _mm256_castsi256_ps(bits);
  const __m256 largest = _mm256_set1_ps(127.0F);
  const __mmask8 infinite = _mm256_cmpge_epu32_mask(bits, _mm256_set1_epi32(0x7f800000));
  const auto normal = static_cast<__mmask8>(
      _mm256_cmp_ps_mask(amax, _mm256_set1_ps(least_amax), _CMP_GE_OQ) & ~infinite);
  const __m256 of_infinite =
      _mm256_maskz_mov_ps(infinite, _mm256_set1_ps(std::numeric_limits<float>::quiet_NaN()));
  _mm256_storeu_ps(to.scales + at, _mm256_mask_div_ps(of_infinite, normal, amax, largest));
  alignas(32) float factors[group_blocks];
  _mm256_store_ps(factors, _mm256_maskz_div_ps(normal, largest, amax));

  const __m512i bias = _mm512_set1_epi8(static_cast<char>(0x80));
  __m512i fours[group_blocks / 2];
#pragma GCC unroll 4
  for (Index pair = 0; pair < group_blocks / 2; ++pair) {
    const __m512i values = quantise_two(x + 2 * pair * block_values, factors + 2 * pair);
    _mm512_storeu_si512(to.values + (at + 2 * pair) * block_values, values);
    fours[pair] = _mm512_sub_epi32(_mm512_setzero_si512(),
                                   _mm512_dpbusd_epi32(_mm512_setzero_si512(), bias, values));
    if (to.offsets_8 != nullptr) {
      _mm512_storeu_si512(to.offsets_8 + (at + 2 * pair) * avx512_steps, fours[pair]);
    }
  }
  // Quarters 0 and 1 are of blocks 0, 2, 4 and 6, quarters 2 and 3 of the others.
  const __m512i quarters = combine_quarters<sum>(fours);
  const __m512i both = _mm512_add_epi32(quarters, _mm512_shuffle_i32x4(quarters, quarters, 0xb1));
  const __m512i order = _mm512_setr_epi32(0, 8, 1, 9, 2, 10, 3, 11, 0, 0, 0, 0, 0, 0, 0, 0);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to.offsets + at),
                      _mm512_castsi512_si256(_mm512_permutexvar_epi32(order, both)));
}

}  // namespace

CROSSOVER_AVX512 void quantise_avx512(const float* a, Index row, Range blocks,
                                      const QuantisedRows& to) {
  Index b = blocks.begin;
  for (; b + group_blocks <= blocks.end; b += group_blocks) {
    quantise_group(a + b * block_values, row * to.blocks + b, to);
  }
  if (b == blocks.end) return;
  if (blocks.size() >= group_blocks) {  // some once more, to the same numbers
    b = blocks.end - group_blocks;
    return quantise_group(a + b * block_values, row * to.blocks + b, to);
  }
  quantise_portably(a, row, {b, blocks.end}, to);
}

}  // namespace crossover::kernels::quant

#endif
