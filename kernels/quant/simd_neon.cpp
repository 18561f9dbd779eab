#include "kernels/quant/simd_codes.h"

#if defined(__aarch64__)

#include <arm_neon.h>
#include <array>

// sdot multiplies signed by signed numbers, and takes four activations from a lane: weights need no
// bias and activations no broadcast.
#define CROSSOVER_SDOT __attribute__((target("arch=armv8.2-a+dotprod")))
#define CROSSOVER_SDOT_INLINE \
  __attribute__((target("arch=armv8.2-a+dotprod"), always_inline)) inline

namespace crossover::kernels::quant {
namespace {

constexpr int tile_cols = 16;  // half a panel: 16 sums of 4 x 16 fill half of the registers
constexpr int vectors = tile_cols / 4;

inline float32x4_t scales_of(const std::uint16_t* halves) {
  return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(halves)));
}

/// One step of a tile: lane `lane` of the activations of each row.
template <int lane, int tile_rows>
CROSSOVER_SDOT_INLINE void add_step(const std::uint8_t (&step)[panel_cols][4], Index first,
                                    const int8x16_t (&a)[tile_rows],
                                    int32x4_t (&sum)[tile_rows][vectors]) {
  for (int v = 0; v < vectors; ++v) {
    const int8x16_t w = vreinterpretq_s8_u8(vld1q_u8(step[first + 4 * v]));
    for (int r = 0; r < tile_rows; ++r) sum[r][v] = vdotq_laneq_s32(sum[r][v], w, a[r], lane);
  }
}

/// A tile of `tile_rows` x 16 of C, of the columns from `first` on.
template <int tile_rows>
CROSSOVER_SDOT void multiply_tile(const PanelBlock* panel, const QuantisedRows& a, Index row,
                                  Index first, float (&total)[tile_rows][tile_cols]) {
  for (Index b = 0; b < a.blocks; ++b) {
    int32x4_t sum[tile_rows][vectors];
    for (auto& of_row : sum) {
      for (int32x4_t& four : of_row) four = vdupq_n_s32(0);
    }
    for (Index half = 0; half < 2; ++half) {
      int8x16_t values[tile_rows];
      for (int r = 0; r < tile_rows; ++r) {
        values[r] = vld1q_s8(a.values_of(row + r, b) + 16 * half);
      }
      const auto* step = panel[b].values + 4 * half;
      add_step<0>(step[0], first, values, sum);
      add_step<1>(step[1], first, values, sum);
      add_step<2>(step[2], first, values, sum);
      add_step<3>(step[3], first, values, sum);
    }
    for (int v = 0; v < vectors; ++v) {
      const float32x4_t scale = scales_of(panel[b].scales + first + 4 * v);
      for (int r = 0; r < tile_rows; ++r) {
        float* to = &total[r][4 * v];
        vst1q_f32(to, vfmaq_f32(vld1q_f32(to), vcvtq_f32_s32(sum[r][v]),
                                vmulq_n_f32(scale, a.scales[(row + r) * a.blocks + b])));
      }
    }
  }
}

template <int tile_rows>
CROSSOVER_SDOT void multiply_rows_of_panel(const PanelBlock* panel, const QuantisedRows& a,
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

constexpr int dot_cols = 4;

/// One row of A, four columns of C.
CROSSOVER_SDOT void multiply_dots(const WeightRows& weights, const QuantisedRows& a, Index row,
                                  Index col, float* c) {
  std::array<const BlockQ8*, dot_cols> columns;
  std::array<float32x4_t, dot_cols> total;
  for (std::size_t j = 0; j < dot_cols; ++j) {
    columns[j] =
        weights.data + std::min(col + static_cast<Index>(j), weights.cols - 1) * weights.row_stride;
    total[j] = vdupq_n_f32(0);
  }
  for (Index b = 0; b < a.blocks; ++b) {
    const std::int8_t* values = a.values_of(row, b);
    const int8x16_t low = vld1q_s8(values);
    const int8x16_t high = vld1q_s8(values + 16);
    const float scale = a.scales[row * a.blocks + b];
    for (std::size_t j = 0; j < dot_cols; ++j) {
      const BlockQ8& block = columns[j][b];
      const int32x4_t sum = vdotq_s32(vdotq_s32(vdupq_n_s32(0), vld1q_s8(block.values), low),
                                      vld1q_s8(block.values + 16), high);
      total[j] = vfmaq_n_f32(total[j], vcvtq_f32_s32(sum), scale * float_of_half(block.scale));
    }
  }
  for (Index j = 0; j < std::min<Index>(dot_cols, weights.cols - col); ++j) {
    c[j] = vaddvq_f32(total[static_cast<std::size_t>(j)]);
  }
}

void multiply_rows(const WeightRows& weights, const QuantisedRows& a, const Destination& c) {
  for (Index col = 0; col < weights.cols; col += dot_cols) {
    for (Index row = 0; row < a.rows; ++row) {
      multiply_dots(weights, a, row, col, c.data + row * c.row_stride + col);
    }
  }
}

}  // namespace

constinit const Code neon_code = {
    .name = "neon sdot 4x16",
    .most_rows_in_place = 2,
    .quantise = quantise_portably,
    .pack = pack_portably,
    .multiply_panel = multiply_panel,
    .multiply_rows = multiply_rows,
    .dequantise = dequantise_portably,
};

}  // namespace crossover::kernels::quant

#endif
