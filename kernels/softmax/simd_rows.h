#pragma once

#include <cstddef>
#include <span>

#include "kernels/core/partition.h"
#include "kernels/softmax/piece.h"

namespace crossover::kernels::softmax {

/// Elements that are weighed together. x and y of a block, 32 KiB, stay in L1 from the search for
/// its maximum to the exponentials, so that a row of any length is read from further away twice and
/// not three times.
inline constexpr Index block_cols = 4096;

inline Index blocks_of(Index cols) { return ceil_div(cols, block_cols); }

/// Inner loops for one instruction set.
struct RowKernels {
  const char* name;  // "avx3"

  /// Writes exp(scale * (x - max of the block)) to y, block by block; `blocks` [blocks_of(cols)]
  /// receives the weight of each. Returns that of the piece.
  Weight (*weigh)(const Piece& piece, Weight* blocks);

  /// Turns what weigh() wrote into shares of `total`, the weight of the whole row.
  void (*normalise)(const Piece& piece, const Weight* blocks, const Weight& total);

  /// Both, for some rows. `blocks` as above.
  void (*compute)(const Args& args, Range rows, Weight* blocks);
};

/// Those of the instruction set in use (instruction_set.h).
const RowKernels& row_kernels();

/// Bytes of workspace for the `blocks` of a piece of up to so many elements; a multiple of 64.
inline std::size_t blocks_bytes(Index cols) {
  constexpr Index per_line = 64 / sizeof(Weight);
  return static_cast<std::size_t>(round_up(blocks_of(cols), per_line)) * sizeof(Weight);
}

}  // namespace crossover::kernels::softmax
