#pragma once

#include <cstdint>

#include "kernels/core/matrix.h"

namespace crossover::kernels::probe {

/// Where one call goes through a thread's part of the stream: through its two halves side by side,
/// since two sequences keep more cache lines on their way than one.
struct Walk {
  Index half = 0;    // blocks in each half
  Index first = 0;   // block of each half that it begins with
  Index blocks = 0;  // to be taken from both halves together; after their ends from the start again
};

/// The probes of memory for one instruction set.
struct StreamLoops {
  const char* name;  // "avx3 2x4x8"

  /// Returns the sum of the words that were read.
  std::uint64_t (*read)(const std::uint64_t* words, const Walk& walk);

  /// Copies the words to the same places of `to`, and returns their sum.
  std::uint64_t (*copy)(const std::uint64_t* words, std::uint64_t* to, const Walk& walk);
};

/// That of the instruction set in use (instruction_set.h).
const StreamLoops& stream_loops();

}  // namespace crossover::kernels::probe
