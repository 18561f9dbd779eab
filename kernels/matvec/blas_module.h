#pragma once

#include "kernels/matvec/rows.h"

namespace crossover::kernels::matvec {

/// The entry table of a BLAS for this family, which its module exports under matvec_module_symbol.
struct MatvecModule {
  /// Name of the code that the library chose for this CPU, e.g. "SkylakeX"; lives for ever.
  const char* (*code_path)();

  /// The thread count for later calls, and the one in force. The count may stay below the wish.
  void (*set_threads)(int threads);
  int (*threads)();

  MultiplyRows multiply;  // of extents and strides up to 2^31 - 1
};

inline constexpr const char* matvec_module_symbol = "crossover_matvec_module";

extern "C" {
/// Defined by each module; the program itself has none.
[[gnu::visibility("default")]] extern const MatvecModule crossover_matvec_module;
}

}  // namespace crossover::kernels::matvec
