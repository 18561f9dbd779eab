#pragma once

#include <cstdint>

#include "kernels/core/partition.h"
#include "kernels/quant/q8_block.h"

namespace crossover::kernels::quant {

/// Columns of C that are computed from one panel: two vectors of 16 sums with AVX-512.
inline constexpr Index panel_cols = 32;

/// The weights of one block of k for all columns of a panel, four of each column side by side, as
/// 8-bit dot products take them. A panel is k/32 of these. As many bytes as the blocks it is made
/// of, and whole cache lines. What the bytes mean is known to the Code that packed them.
struct alignas(64) PanelBlock {
  std::uint16_t scales[panel_cols] = {};
  std::uint8_t values[block_values / 4][panel_cols][4] = {};
};
static_assert(sizeof(PanelBlock) == 34 * panel_cols);

/// Rows of quantised activations in memory of the caller.
struct QuantisedRows {
  Index rows = 0;
  Index blocks = 0;               // of each row
  std::int8_t* values = nullptr;  // [rows, blocks * 32], aligned to 32 bytes
  float* scales = nullptr;        // [rows, blocks]
  // Read only by codes that bias weights by 128:
  std::int32_t* offsets = nullptr;    // [rows, blocks]: -128 times the sum of the block's values
  std::int32_t* offsets_8 = nullptr;  // [rows, blocks, 8], the same of four values each; or null
                                      // where only panels are multiplied

  const std::int8_t* values_of(Index row, Index block) const {
    return values + (row * blocks + block) * block_values;
  }
};

/// Some rows of W where they lie: rows[j * row_stride + b] is block b of column j of C.
struct WeightRows {
  const BlockQ8* data = nullptr;
  Index row_stride = 0;  // in blocks
  Index cols = 0;        // of C: rows of W
  Index blocks = 0;
};

/// Where a product goes: element (i, j) to data[i * row_stride + j].
struct Destination {
  float* data = nullptr;
  Index row_stride = 0;
};

/// The innermost loops for one instruction set. None of them allocates or counts.
struct Code {
  const char* name;  // "avx512vnni 6x32"

  /// Rows of A up to which multiply_rows is faster than packing.
  Index most_rows_in_place;

  /// Quantises these blocks of the row of A at `a` (its block 0) into row `row`.
  void (*quantise)(const float* a, Index row, Range blocks, const QuantisedRows& to);

  /// Packs at most panel_cols columns into `panel` ([weights.blocks]). Columns that a panel has
  /// beyond them are copies of the last one.
  void (*pack)(const WeightRows& weights, PanelBlock* panel);

  /// C of `rows` and of the first `cols` columns of a panel; c is that of row 0 of `a`. `next`, or
  /// null, is the panel that comes after it, which may be fetched meanwhile.
  void (*multiply_panel)(const PanelBlock* panel, const PanelBlock* next, const QuantisedRows& a,
                         Range rows, Index cols, const Destination& c);

  /// C of all rows of `a` (with offsets_8) and all columns of `weights`, read where they lie.
  void (*multiply_rows)(const WeightRows& weights, const QuantisedRows& a, const Destination& c);

  /// The numbers that blocks stand for, exactly: [count * 32].
  void (*dequantise)(const BlockQ8* blocks, Index count, float* to);
};

/// That of the instruction set in use (instruction_set.h), or the best one below it: not every CPU
/// with AVX-512 has VNNI, nor every one with NEON the dot product.
const Code& code();

}  // namespace crossover::kernels::quant
