#include "kernels/quant/simd_codes.h"

#if defined(__x86_64__)

#include <array>
#include <cstring>
#include <immintrin.h>

// maddubs multiplies an unsigned by a signed number, adds two products and saturates in 16 bits.
// The unsigned operand is |w|, at most 128, and the sign goes to the activation, at most 127 in
// magnitude: two products are at most 32,512, and nothing saturates. (A bias of 128, as dpbusd
// takes it, would: 2 * 255 * 127.)
#define CROSSOVER_AVX2 __attribute__((target("avx2,fma,f16c")))
#define CROSSOVER_AVX2_INLINE __attribute__((target("avx2,fma,f16c"), always_inline)) inline

namespace crossover::kernels::quant {
namespace {

constexpr Index steps = block_values / 4;

CROSSOVER_AVX2_INLINE __m256i load_32(const void* from) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(from));
}

/// Adds four products to each sum. `magnitude` is |w|.
CROSSOVER_AVX2_INLINE __m256i add_dots(__m256i sum, __m256i magnitude, __m256i w, __m256i a) {
  const __m256i pairs = _mm256_maddubs_epi16(magnitude, _mm256_sign_epi8(a, w));
  return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

// ---- Quantisation ------------------------------------------------------------------------------

CROSSOVER_AVX2_INLINE std::uint32_t amax_bits(const float* x) {
  const __m256i magnitude = _mm256_set1_epi32(0x7fffffff);
  __m256i largest = _mm256_setzero_si256();
  for (int part = 0; part < 4; ++part) {
    largest = _mm256_max_epu32(largest, _mm256_and_si256(load_32(x + 8 * Index{part}), magnitude));
  }
  __m128i four =
      _mm_max_epu32(_mm256_castsi256_si128(largest), _mm256_extracti128_si256(largest, 1));
  four = _mm_max_epu32(four, _mm_unpackhi_epi64(four, four));
  four = _mm_max_epu32(four, _mm_shuffle_epi32(four, 1));
  return static_cast<std::uint32_t>(_mm_cvtsi128_si32(four));
}

CROSSOVER_AVX2_INLINE __m256i rounded(const float* x, __m256 factor) {
  return _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x), factor));
}

CROSSOVER_AVX2_INLINE float quantise_one(const float* x, std::int8_t* values) {
  const std::uint32_t bits = amax_bits(x);
  const auto amax = std::bit_cast<float>(bits);
  const bool finite = bits < 0x7f800000U;
  __m256i bytes = _mm256_setzero_si256();
  if (finite && amax >= least_amax) {
    const __m256 factor = _mm256_set1_ps(127.0F / amax);
    // Packing works within halves: words come out as 0 8 16 24 4 12 20 28, in units of 4 numbers.
    const __m256i words =
        _mm256_packs_epi16(_mm256_packs_epi32(rounded(x, factor), rounded(x + 8, factor)),
                           _mm256_packs_epi32(rounded(x + 16, factor), rounded(x + 24, factor)));
    bytes = _mm256_permutevar8x32_epi32(words, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
  }
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(values), bytes);
  if (!finite) return std::numeric_limits<float>::quiet_NaN();
  return amax >= least_amax ? amax / 127.0F : 0;
}

CROSSOVER_AVX2 void quantise(const float* a, Index row, Range blocks, const QuantisedRows& to) {
  for (Index b = blocks.begin; b < blocks.end; ++b) {
    const Index at = row * to.blocks + b;
    to.scales[at] = quantise_one(a + b * block_values, to.values + at * block_values);
  }
}

// ---- Panels ------------------------------------------------------------------------------------

constexpr int tile_cols = 16;  // half a panel: eight sums of 4 x 16 fill half of the registers

/// A tile of `tile_rows` x 16 of C, of the columns from `first` on.
template <int tile_rows>
CROSSOVER_AVX2 void multiply_tile(const PanelBlock* panel, const QuantisedRows& a, Index row,
                                  Index first, float (&total)[tile_rows][tile_cols]) {
  const Index blocks = a.blocks;
  for (Index b = 0; b < blocks; ++b) {
    __m256i sum[tile_rows][2];
    for (auto& of_row : sum) of_row[0] = of_row[1] = _mm256_setzero_si256();
    const std::int8_t* values = a.values_of(row, b);
    for (Index step = 0; step < steps; ++step) {
      const __m256i w0 = load_32(panel[b].values[step][first]);
      const __m256i w1 = load_32(panel[b].values[step][first + 8]);
      const __m256i magnitude0 = _mm256_abs_epi8(w0);
      const __m256i magnitude1 = _mm256_abs_epi8(w1);
      for (int r = 0; r < tile_rows; ++r) {
        int four;
        std::memcpy(&four, values + r * blocks * block_values + step * 4, 4);
        const __m256i broadcast = _mm256_set1_epi32(four);
        sum[r][0] = add_dots(sum[r][0], magnitude0, w0, broadcast);
        sum[r][1] = add_dots(sum[r][1], magnitude1, w1, broadcast);
      }
    }
    for (int half = 0; half < 2; ++half) {
      const __m256 scale_w = _mm256_cvtph_ps(_mm_loadu_si128(
          reinterpret_cast<const __m128i*>(panel[b].scales + first + 8 * Index{half})));
      for (int r = 0; r < tile_rows; ++r) {
        const __m256 scale =
            _mm256_mul_ps(scale_w, _mm256_set1_ps(a.scales[(row + r) * blocks + b]));
        float* to = &total[r][8 * half];
        _mm256_storeu_ps(
            to, _mm256_fmadd_ps(_mm256_cvtepi32_ps(sum[r][half]), scale, _mm256_loadu_ps(to)));
      }
    }
  }
}

template <int tile_rows>
CROSSOVER_AVX2 void multiply_rows_of_panel(const PanelBlock* panel, const QuantisedRows& a,
                                           Index row, Index cols, const Destination& c) {
  for (Index first = 0; first < cols; first += tile_cols) {
    float total[tile_rows][tile_cols] = {};
    multiply_tile<tile_rows>(panel, a, row, first, total);
    for (int r = 0; r < tile_rows; ++r) {
      std::copy_n(total[r], std::min<Index>(tile_cols, cols - first),
                  c.data + (row + r) * c.row_stride + first);
    }
  }
}

constexpr Index most_tile_rows = 4;

void multiply_panel(const PanelBlock* panel, const PanelBlock*, const QuantisedRows& a, Range rows,
                    Index cols, const Destination& c) {
  using Tile = void (*)(const PanelBlock*, const QuantisedRows&, Index, Index, const Destination&);
  constexpr std::array<Tile, most_tile_rows + 1> tiles = {
      nullptr,
      multiply_rows_of_panel<1>,
      multiply_rows_of_panel<2>,
      multiply_rows_of_panel<3>,
      multiply_rows_of_panel<4>,
  };
  const Index count = ceil_div(rows.size(), most_tile_rows);
  for (Index t = 0; t < count; ++t) {
    const Range of = share(rows.size(), count, t);
    tiles[static_cast<std::size_t>(of.size())](panel, a, rows.begin + of.begin, cols, c);
  }
}

// ---- Rows of W where they lie ------------------------------------------------------------------

constexpr int dot_cols = 4;
constexpr Index most_dot_rows = 2;

CROSSOVER_AVX2_INLINE float sum_of(__m256 v) {
  __m128 four = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  four = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(four, _mm_movehdup_ps(four)));
}

template <int rows>
CROSSOVER_AVX2 void multiply_dots(const WeightRows& weights, const QuantisedRows& a, Index row,
                                  Index col, const Destination& c) {
  const BlockQ8* columns[dot_cols];
  for (int j = 0; j < dot_cols; ++j) {
    columns[j] = weights.data + std::min(col + j, weights.cols - 1) * weights.row_stride;
  }
  __m256 total[rows][dot_cols];
  for (auto& of_row : total) {
    for (__m256& of_col : of_row) of_col = _mm256_setzero_ps();
  }
  const Index ahead = dot_cols * weights.row_stride * static_cast<Index>(sizeof(BlockQ8));
  for (Index b = 0; b < a.blocks; ++b) {
    for (int j = 0; j < dot_cols; ++j) {
      const BlockQ8& block = columns[j][b];
      _mm_prefetch(reinterpret_cast<const char*>(&block) + ahead, _MM_HINT_T0);
      const __m256i w = load_32(block.values);
      const __m256i magnitude = _mm256_abs_epi8(w);
      const float scale = _cvtsh_ss(block.scale);
      for (int r = 0; r < rows; ++r) {
        const __m256i sum =
            add_dots(_mm256_setzero_si256(), magnitude, w, load_32(a.values_of(row + r, b)));
        total[r][j] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(sum),
                                      _mm256_set1_ps(scale * a.scales[(row + r) * a.blocks + b]),
                                      total[r][j]);
      }
    }
  }
  for (int r = 0; r < rows; ++r) {
    float* to = c.data + (row + r) * c.row_stride + col;
    for (int j = 0; j < dot_cols && col + j < weights.cols; ++j) to[j] = sum_of(total[r][j]);
  }
}

void multiply_rows(const WeightRows& weights, const QuantisedRows& a, const Destination& c) {
  for (Index col = 0; col < weights.cols; col += dot_cols) {
    Index row = 0;
    for (; row + most_dot_rows <= a.rows; row += most_dot_rows) {
      multiply_dots<most_dot_rows>(weights, a, row, col, c);
    }
    if (row < a.rows) multiply_dots<1>(weights, a, row, col, c);
  }
}

CROSSOVER_AVX2 void dequantise(const BlockQ8* blocks, Index count, float* to) {
  for (Index b = 0; b < count; ++b) {
    const __m256 scale = _mm256_set1_ps(_cvtsh_ss(blocks[b].scale));
    for (int part = 0; part < 4; ++part) {
      const __m128i values =
          _mm_loadl_epi64(reinterpret_cast<const __m128i*>(blocks[b].values + 8 * Index{part}));
      _mm256_storeu_ps(to + b * block_values + 8 * Index{part},
                       _mm256_mul_ps(scale, _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(values))));
    }
  }
}

}  // namespace

constinit const Code avx2_code = {
    .name = "avx2 4x16",
    .most_rows_in_place = 2,
    .quantise = quantise,
    .pack = pack_portably,
    .multiply_panel = multiply_panel,
    .multiply_rows = multiply_rows,
    .dequantise = dequantise,
};

}  // namespace crossover::kernels::quant

#endif
