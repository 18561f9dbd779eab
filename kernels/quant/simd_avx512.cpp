#include "kernels/quant/simd_codes.h"

#if defined(__x86_64__)

#include <array>
#include <cstddef>
#include <cstring>

#include "kernels/quant/simd_avx512.h"

namespace crossover::kernels::quant {
namespace {

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
    for (int step = 0; step < avx512_steps; ++step) {
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
        const __m512i sum = _mm512_dpbusd_epi32(twice(a.offsets_8 + at * avx512_steps), w,
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
    .quantise = quantise_avx512,
    .pack = pack,
    .multiply_panel = multiply_panel,
    .multiply_rows = multiply_rows,
    .dequantise = dequantise,
};

}  // namespace crossover::kernels::quant

#endif
