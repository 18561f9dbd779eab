#include "kernels/quant/simd_codes.h"

#if defined(__x86_64__)

// gcc 12 takes the undefined operands of its own AVX-512 intrinsics for uninitialised ones.
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include <array>
#include <cstddef>
#include <cstring>
#include <immintrin.h>

// Every function that uses these instructions says so itself, so that nothing else is compiled for
// them. dpbusd multiplies an unsigned by a signed number. In panels and on the way from memory
// weights are biased by 128 (their sign bit flipped), and sums start at -128 * sum(activations),
// which costs nothing: they have to start somewhere.
#define CROSSOVER_AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni,f16c")))
#define CROSSOVER_AVX512_INLINE \
  __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni,f16c"), always_inline)) inline

namespace crossover::kernels::quant {
namespace {

constexpr Index steps = block_values / 4;  // products of four numbers each that make a block

// ---- Quantisation ------------------------------------------------------------------------------

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
      _mm512_storeu_si512(to.offsets_8 + (at + 2 * pair) * steps, fours[pair]);
    }
  }
  // Quarters 0 and 1 are of blocks 0, 2, 4 and 6, quarters 2 and 3 of the others.
  const __m512i quarters = combine_quarters<sum>(fours);
  const __m512i both = _mm512_add_epi32(quarters, _mm512_shuffle_i32x4(quarters, quarters, 0xb1));
  const __m512i order = _mm512_setr_epi32(0, 8, 1, 9, 2, 10, 3, 11, 0, 0, 0, 0, 0, 0, 0, 0);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to.offsets + at),
                      _mm512_castsi512_si256(_mm512_permutexvar_epi32(order, both)));
}

CROSSOVER_AVX512 void quantise(const float* a, Index row, Range blocks, const QuantisedRows& to) {
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

// ---- Panels ------------------------------------------------------------------------------------

CROSSOVER_AVX512_INLINE __m256i load_32(const void* from) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(from));
}

CROSSOVER_AVX512_INLINE __m512i biased(__m512i weights) {
  return _mm512_xor_si512(weights, _mm512_set1_epi8(static_cast<char>(0x80)));
}

CROSSOVER_AVX512_INLINE __m512i two_rows(const void* low, const void* high) {
  return _mm512_inserti64x4(_mm512_castsi256_si512(load_32(low)), load_32(high), 1);
}

/// Transposes 16 columns of one block, as 16 rows of 8 words `stride` bytes apart, into the
/// columns' places.
CROSSOVER_AVX512_INLINE void pack_16(const char* values, Index stride, std::uint8_t* to) {
  __m512i words[2][4];  // of row j, j+4, j+8 and j+12: words 0 to 3, and words 4 to 7
#pragma GCC unroll 4
  for (int j = 0; j < 4; ++j) {
    const char* row = values + j * stride;
    const __m512i low = biased(two_rows(row, row + 4 * stride));
    const __m512i high = biased(two_rows(row + 8 * stride, row + 12 * stride));
    words[0][j] = _mm512_shuffle_i32x4(low, high, 0x88);
    words[1][j] = _mm512_shuffle_i32x4(low, high, 0xdd);
  }
#pragma GCC unroll 2
  for (int half = 0; half < 2; ++half) {
    const __m512i* w = words[half];
    const __m512i a = _mm512_unpacklo_epi32(w[0], w[1]);
    const __m512i b = _mm512_unpackhi_epi32(w[0], w[1]);
    const __m512i c = _mm512_unpacklo_epi32(w[2], w[3]);
    const __m512i d = _mm512_unpackhi_epi32(w[2], w[3]);
    std::uint8_t* step = to + Index{half} * 4 * panel_cols * 4;
    _mm512_store_si512(step, _mm512_unpacklo_epi64(a, c));
    _mm512_store_si512(step + panel_cols * 4, _mm512_unpackhi_epi64(a, c));
    _mm512_store_si512(step + 2 * panel_cols * 4, _mm512_unpacklo_epi64(b, d));
    _mm512_store_si512(step + 3 * panel_cols * 4, _mm512_unpackhi_epi64(b, d));
  }
}

/// Four scales of blocks `stride` bytes apart; alone, 32 stores would take longer than the
/// transposition of their blocks.
inline void pack_scales(const char* blocks, Index stride, std::uint16_t* to) {
  std::uint64_t four = 0;
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    std::uint16_t scale;
    std::memcpy(&scale, blocks + i * stride, sizeof scale);
    four |= static_cast<std::uint64_t>(scale) << (16 * i);
  }
  std::memcpy(to, &four, sizeof four);
}

CROSSOVER_AVX512 void pack(const WeightRows& weights, PanelBlock* panel) {
  if (weights.cols < panel_cols) {
    pack_portably(weights, panel);
    for (Index b = 0; b < weights.blocks; ++b) {
      for (auto& step : panel[b].values) {
        for (auto* half : {step[0], step[16]}) {
          _mm512_store_si512(half, biased(_mm512_load_si512(half)));
        }
      }
    }
    return;
  }
  const Index stride = weights.row_stride * static_cast<Index>(sizeof(BlockQ8));
  for (Index b = 0; b < weights.blocks; ++b) {
    const auto* blocks = reinterpret_cast<const char*>(weights.data + b);
    for (Index j = 0; j < panel_cols; j += 4) {
      pack_scales(blocks + j * stride, stride, panel[b].scales + j);
    }
    const char* values = blocks + offsetof(BlockQ8, values);
    pack_16(values, stride, panel[b].values[0][0]);
    pack_16(values + 16 * stride, stride, panel[b].values[0][16]);
  }
}

/// Cache lines of each block of a panel that is multiplied later.
struct FetchedLines {
  const char* panel = nullptr;
  Range lines;
};

/// A tile of `tile_rows` x 32 of C. For each step two vectors of weights and one broadcast number
/// per row are loaded: 8 loads for 12 products where tile_rows = 6, whereas an operand that is
/// broadcast by each product would make 14 of them, more than two per cycle.
///
/// `fetched`: what to fetch of the panel that comes next, for each block of this one.
template <int tile_rows>
CROSSOVER_AVX512 void multiply_tile(const PanelBlock* panel, const FetchedLines& fetched,
                                    const QuantisedRows& a, Index row, Index cols,
                                    const Destination& c) {
  const Index blocks = a.blocks;
  const Index stride = blocks * block_values;
  const std::int8_t* values = a.values_of(row, 0);
  const float* scales = a.scales + row * blocks;
  const std::int32_t* offsets = a.offsets + row * blocks;
  __m512 total[tile_rows][2];
#pragma GCC unroll 8
  for (int r = 0; r < tile_rows; ++r) total[r][0] = total[r][1] = _mm512_setzero_ps();
#pragma GCC unroll 8
  for (int r = 0; r < tile_rows; ++r) {  // where the results go, which may be far away
    const float* to = c.data + (row + r) * c.row_stride;
    _mm_prefetch(to, _MM_HINT_T0);
    if (cols > 16) _mm_prefetch(to + 16, _MM_HINT_T0);
  }
  // The rows of the next tile lie behind these: a tile's width of lines per block.
  const std::int8_t* next = values + tile_rows * stride;
  for (Index b = 0; b < blocks; ++b) {
    for (int line = 0; line < (tile_rows + 1) / 2; ++line)
      _mm_prefetch(next + 64 * Index{line}, _MM_HINT_T0);
    next += tile_rows * block_values;
    for (Index line = fetched.lines.begin; line < fetched.lines.end; ++line) {
      constexpr Index block_bytes = sizeof(PanelBlock);
      _mm_prefetch(fetched.panel + b * block_bytes + 64 * line, _MM_HINT_T1);
    }
    __m512i sum[tile_rows][2];
#pragma GCC unroll 8
    for (int r = 0; r < tile_rows; ++r) {
      sum[r][0] = sum[r][1] = _mm512_set1_epi32(offsets[r * blocks + b]);
    }
#pragma GCC unroll 8
    for (int step = 0; step < steps; ++step) {
      const __m512i w0 = _mm512_load_si512(panel[b].values[step][0]);
      const __m512i w1 = _mm512_load_si512(panel[b].values[step][16]);
#pragma GCC unroll 8
      for (int r = 0; r < tile_rows; ++r) {
        int four;
        std::memcpy(&four, values + r * stride + b * block_values + Index{step} * 4, 4);
        const __m512i broadcast = _mm512_set1_epi32(four);
        sum[r][0] = _mm512_dpbusd_epi32(sum[r][0], w0, broadcast);
        sum[r][1] = _mm512_dpbusd_epi32(sum[r][1], w1, broadcast);
      }
    }
    const __m512 scale0 = _mm512_cvtph_ps(load_32(panel[b].scales));
    const __m512 scale1 = _mm512_cvtph_ps(load_32(panel[b].scales + 16));
#pragma GCC unroll 8
    for (int r = 0; r < tile_rows; ++r) {
      const __m512 scale = _mm512_set1_ps(scales[r * blocks + b]);
      total[r][0] =
          _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum[r][0]), _mm512_mul_ps(scale, scale0), total[r][0]);
      total[r][1] =
          _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum[r][1]), _mm512_mul_ps(scale, scale1), total[r][1]);
    }
  }
  const auto mask = static_cast<std::uint32_t>((std::uint64_t{1} << cols) - 1);
#pragma GCC unroll 8
  for (int r = 0; r < tile_rows; ++r) {
    float* to = c.data + (row + r) * c.row_stride;
    _mm512_mask_storeu_ps(to, static_cast<__mmask16>(mask), total[r][0]);
    if (mask >> 16 != 0) {
      _mm512_mask_storeu_ps(to + 16, static_cast<__mmask16>(mask >> 16), total[r][1]);
    }
  }
}

constexpr Index most_tile_rows = 6;

CROSSOVER_AVX512 void multiply_panel(const PanelBlock* panel, const PanelBlock* next,
                                     const QuantisedRows& a, Range rows, Index cols,
                                     const Destination& c) {
  using Tile = void (*)(const PanelBlock*, const FetchedLines&, const QuantisedRows&, Index, Index,
                        const Destination&);
  constexpr std::array<Tile, most_tile_rows + 1> tiles = {
      nullptr,          multiply_tile<1>, multiply_tile<2>, multiply_tile<3>,
      multiply_tile<4>, multiply_tile<5>, multiply_tile<6>,
  };
  // Tiles of nearly the same height: a last one of a row or two would wait for its few sums.
  const Index count = ceil_div(rows.size(), most_tile_rows);
  // With few rows weights come from memory nearly as fast as it gives them, so that it should never
  // wait for the arithmetic: each tile fetches its share of the next panel.
  constexpr Index most_tiles_that_fetch = 4;
  constexpr Index lines_of_block = sizeof(PanelBlock) / 64;
  const bool fetches = next != nullptr && count <= most_tiles_that_fetch;
  for (Index t = 0; t < count; ++t) {
    const Range of = share(rows.size(), count, t);
    FetchedLines fetched;
    if (fetches) {
      fetched = {reinterpret_cast<const char*>(next), share(lines_of_block, count, t)};
    }
    tiles[static_cast<std::size_t>(of.size())](panel, fetched, a, rows.begin + of.begin, cols, c);
  }
}

// ---- Rows of W where they lie ------------------------------------------------------------------

CROSSOVER_AVX512_INLINE __m512i twice(const void* from) {
  return _mm512_broadcast_i64x4(load_32(from));
}

/// The scales of a block of two columns, for eight sums each.
CROSSOVER_AVX512_INLINE __m512 two_scales(const BlockQ8& low, const BlockQ8& high) {
  const __m256i both = _mm256_mask_set1_epi16(_mm256_set1_epi16(static_cast<short>(low.scale)),
                                              0xff00, static_cast<short>(high.scale));
  return _mm512_cvtph_ps(both);
}

/// A vector holds eight sums of one column and eight of another one: tile_rows x 2 * pairs of C.
template <int tile_rows, int pairs>
CROSSOVER_AVX512 void multiply_dots(const WeightRows& weights, const QuantisedRows& a, Index row,
                                    Index col, const Destination& c) {
  const Index blocks = a.blocks;
  const BlockQ8* columns[2 * pairs];
  for (int j = 0; j < 2 * pairs; ++j) {
    columns[j] = weights.data + std::min(col + j, weights.cols - 1) * weights.row_stride;
  }
  __m512 total[tile_rows][pairs];
  for (auto& of_row : total) {
    for (__m512& of_pair : of_row) of_pair = _mm512_setzero_ps();
  }
  // The rows lie one behind the other: what is wanted next is the same place of the next group.
  const Index ahead = Index{2} * pairs * weights.row_stride * static_cast<Index>(sizeof(BlockQ8));
  for (Index b = 0; b < blocks; ++b) {
    for (int p = 0; p < pairs; ++p) {
      const BlockQ8& low = columns[2 * p][b];
      const BlockQ8& high = columns[2 * p + 1][b];
      _mm_prefetch(reinterpret_cast<const char*>(&low) + ahead, _MM_HINT_T0);
      _mm_prefetch(reinterpret_cast<const char*>(&high) + ahead, _MM_HINT_T0);
      const __m512i w = biased(two_rows(low.values, high.values));
      const __m512 scale_w = two_scales(low, high);
      for (int r = 0; r < tile_rows; ++r) {
        const Index at = (row + r) * blocks + b;
        const __m512i sum = _mm512_dpbusd_epi32(twice(a.offsets_8 + at * steps), w,
                                                twice(a.values + at * block_values));
        total[r][p] =
            _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum),
                            _mm512_mul_ps(scale_w, _mm512_set1_ps(a.scales[at])), total[r][p]);
      }
    }
  }
  for (int r = 0; r < tile_rows; ++r) {
    float* to = c.data + (row + r) * c.row_stride + col;
    for (int p = 0; p < pairs; ++p) {
      if (col + 2 * Index{p} < weights.cols) {
        to[2 * Index{p}] = _mm512_mask_reduce_add_ps(0x00ff, total[r][p]);
      }
      if (col + 2 * Index{p} + 1 < weights.cols) {
        to[2 * Index{p} + 1] = _mm512_mask_reduce_add_ps(0xff00, total[r][p]);
      }
    }
  }
}

constexpr int dot_pairs = 2;
constexpr Index most_dot_rows = 4;

CROSSOVER_AVX512 void multiply_rows(const WeightRows& weights, const QuantisedRows& a,
                                    const Destination& c) {
  using Dots = void (*)(const WeightRows&, const QuantisedRows&, Index, Index, const Destination&);
  constexpr std::array<Dots, most_dot_rows + 1> dots = {
      nullptr,
      multiply_dots<1, dot_pairs>,
      multiply_dots<2, dot_pairs>,
      multiply_dots<3, dot_pairs>,
      multiply_dots<4, dot_pairs>,
  };
  const Index count = ceil_div(a.rows, most_dot_rows);
  for (Index col = 0; col < weights.cols; col += 2 * Index{dot_pairs}) {
    for (Index t = 0; t < count; ++t) {
      const Range of = share(a.rows, count, t);
      dots[static_cast<std::size_t>(of.size())](weights, a, of.begin, col, c);
    }
  }
}

CROSSOVER_AVX512 void dequantise(const BlockQ8* blocks, Index count, float* to) {
  for (Index b = 0; b < count; ++b) {
    const __m512 scale = _mm512_set1_ps(_cvtsh_ss(blocks[b].scale));
    for (int half = 0; half < 2; ++half) {
      const __m128i values =
          _mm_loadu_si128(reinterpret_cast<const __m128i*>(blocks[b].values + 16 * Index{half}));
      _mm512_storeu_ps(to + b * block_values + 16 * Index{half},
                       _mm512_mul_ps(scale, _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(values))));
    }
  }
}

}  // namespace

constinit const Code avx512_code = {
    .name = "avx512vnni 6x32",
    .most_rows_in_place = 2,
    .quantise = quantise,
    .pack = pack,
    .multiply_panel = multiply_panel,
    .multiply_rows = multiply_rows,
    .dequantise = dequantise,
};

}  // namespace crossover::kernels::quant

#endif
