#pragma once

#include "kernels/matmul/matmul.h"

namespace crossover::kernels::matmul {

/// The entry table of a vendor's matmul module, which it exports under gemm_module_symbol.
struct GemmModule {
  /// Name of the code that the library chose for this CPU, e.g. "SkylakeX"; lives for ever.
  const char* (*code_path)();

  /// The thread count for later calls, and the one in force. The count may stay below the wish.
  void (*set_threads)(int threads);
  int (*threads)();

  /// The family's definition, of any extent.
  void (*multiply)(const Args& args);
};

inline constexpr const char* gemm_module_symbol = "crossover_gemm_module";

extern "C" {
/// Defined by each module; the program itself has none.
[[gnu::visibility("default")]] extern const GemmModule crossover_gemm_module;
}

}  // namespace crossover::kernels::matmul
