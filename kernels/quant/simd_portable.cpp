#include <array>
#include <cstring>

#include "kernels/quant/simd_codes.h"

// For CPUs without 8-bit dot products, and what the compiler makes of it.

namespace crossover::kernels::quant {
namespace {

constexpr Index steps = block_values / 4;

int dot(const std::int8_t* a, const std::int8_t* w) {
  int sum = 0;
  for (Index p = 0; p < block_values; ++p) sum += a[p] * w[p];
  return sum;
}

void multiply_row(const PanelBlock* panel, const QuantisedRows& a, Index row, Index cols,
                  float* c) {
  std::array<float, panel_cols> total{};
  for (Index b = 0; b < a.blocks; ++b) {
    std::array<std::int32_t, panel_cols> sum{};
    const std::int8_t* values = a.values_of(row, b);
    for (Index step = 0; step < steps; ++step) {
      std::array<std::int8_t, panel_cols * 4> w;
      std::memcpy(w.data(), panel[b].values[step], sizeof w);
      for (std::size_t j = 0; j < w.size(); ++j) {
        sum[j / 4] += w[j] * values[step * 4 + static_cast<Index>(j % 4)];
      }
    }
    const float scale = a.scales[row * a.blocks + b];
    for (std::size_t j = 0; j < sum.size(); ++j) {
      total[j] += scale * float_of_half(panel[b].scales[j]) * static_cast<float>(sum[j]);
    }
  }
  std::copy_n(total.begin(), cols, c);
}

void multiply_panel(const PanelBlock* panel, const PanelBlock*, const QuantisedRows& a, Range rows,
                    Index cols, const Destination& c) {
  for (Index row = rows.begin; row < rows.end; ++row) {
    multiply_row(panel, a, row, cols, c.data + row * c.row_stride);
  }
}

void multiply_rows(const WeightRows& weights, const QuantisedRows& a, const Destination& c) {
  for (Index col = 0; col < weights.cols; ++col) {
    const BlockQ8* w = weights.data + col * weights.row_stride;
    for (Index row = 0; row < a.rows; ++row) {
      float total = 0;
      for (Index b = 0; b < a.blocks; ++b) {
        total += a.scales[row * a.blocks + b] * float_of_half(w[b].scale) *
                 static_cast<float>(dot(a.values_of(row, b), w[b].values));
      }
      c.data[row * c.row_stride + col] = total;
    }
  }
}

}  // namespace

void quantise_portably(const float* a, Index row, Range blocks, const QuantisedRows& to) {
  for (Index b = blocks.begin; b < blocks.end; ++b) {
    const Index at = row * to.blocks + b;
    std::int8_t* values = to.values + at * block_values;
    to.scales[at] = quantise_block(a + b * block_values, values);
    int sum = 0;
    for (Index step = 0; step < steps; ++step) {
      const std::int8_t* four = values + step * 4;
      const int offset = -128 * (four[0] + four[1] + four[2] + four[3]);
      sum += offset;
      if (to.offsets_8 != nullptr) to.offsets_8[at * steps + step] = offset;
    }
    to.offsets[at] = sum;
  }
}

void pack_portably(const WeightRows& weights, PanelBlock* panel) {
  for (Index j = 0; j < panel_cols; ++j) {
    const BlockQ8* column = weights.data + std::min(j, weights.cols - 1) * weights.row_stride;
    for (Index b = 0; b < weights.blocks; ++b) {
      panel[b].scales[j] = column[b].scale;
      for (Index step = 0; step < steps; ++step) {
        std::memcpy(panel[b].values[step][j], column[b].values + step * 4, 4);
      }
    }
  }
}

void dequantise_portably(const BlockQ8* blocks, Index count, float* to) {
  for (Index b = 0; b < count; ++b) {
    const float scale = float_of_half(blocks[b].scale);
    for (Index p = 0; p < block_values; ++p) {
      to[b * block_values + p] = scale * static_cast<float>(blocks[b].values[p]);
    }
  }
}

constinit const Code portable_code = {
    .name = "portable",
    .most_rows_in_place = 2,
    .quantise = quantise_portably,
    .pack = pack_portably,
    .multiply_panel = multiply_panel,
    .multiply_rows = multiply_rows,
    .dequantise = dequantise_portably,
};

}  // namespace crossover::kernels::quant
