#pragma once

#include "kernels/core/partition.h"
#include "kernels/norm/piece.h"

namespace crossover::kernels::norm {

/// Inner loops of one norm for one instruction set; naive.h says what they compute.
struct RowKernels {
  const char* name;  // "avx3"
  void (*add)(const Piece& piece);
  Moments (*moments_of)(const Piece& piece);
  void (*apply)(const Piece& piece, const Line& line);

  /// The norm of some rows.
  void (*compute)(const Args& args, Range rows);
};

/// Those of the instruction set in use (instruction_set.h).
const RowKernels& row_kernels(Kind kind);

}  // namespace crossover::kernels::norm
