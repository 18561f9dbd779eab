#pragma once

#include <algorithm>

#include "kernels/matmul/matmul.h"

namespace crossover::kernels::matmul {

/// The entry table of a vendor's matmul module, which it exports under gemm_module_symbol.
///
/// A library that prepares its products keeps what it made behind a handle of create(); for the
/// others create and destroy are null, and so is every handle.
struct GemmModule {
  /// Name of the code that the library chose for this CPU or product, e.g. "SkylakeX", or nullptr
  /// where there is nothing to compute; lives as long as the handle.
  const char* (*code_path)(const void* handle);

  /// The thread count for later calls, and the one in force. The count may stay below the wish.
  void (*set_threads)(int threads);
  int (*threads)();

  /// The family's definition, of any extent. A failure of the library inside leaves NaN in C,
  /// which no check takes for a result.
  void (*multiply)(void* handle, const Args& args);

  /// Prepares for one problem and the thread count in force. The constants outlive the handle.
  /// Errors: std::runtime_error where the library refuses.
  void* (*create)(const Problem& problem, const Constants& constants) = nullptr;
  void (*destroy)(void* handle) = nullptr;
};

/// For modules whose library does not write C: zeros for an extent of 0, NaN for a failure.
inline void fill(const MatrixBatch<float>& c, float value) {
  for (Index element = 0; element < c.batch; ++element) {
    for (Index i = 0; i < c.rows; ++i) std::fill_n(c.row(element, i), c.cols, value);
  }
}

inline constexpr const char* gemm_module_symbol = "crossover_gemm_module";

extern "C" {
/// Defined by each module; the program itself has none.
[[gnu::visibility("default")]] extern const GemmModule crossover_gemm_module;
}

}  // namespace crossover::kernels::matmul
