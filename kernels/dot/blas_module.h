#pragma once

#include "kernels/dot/pairs.h"

namespace crossover::kernels::dot {

/// The entry table of a BLAS for this family, which its module exports under dot_module_symbol.
struct DotModule {
  /// Name of the code that the library chose for this CPU, e.g. "SkylakeX"; lives for ever.
  const char* (*code_path)();

  /// The thread count for later calls, and the one in force. The count may stay below the wish.
  void (*set_threads)(int threads);
  int (*threads)();

  MultiplyPairs multiply;  // of n up to 2^31 - 1
};

inline constexpr const char* dot_module_symbol = "crossover_dot_module";

extern "C" {
/// Defined by each module; the program itself has none.
[[gnu::visibility("default")]] extern const DotModule crossover_dot_module;
}

}  // namespace crossover::kernels::dot
