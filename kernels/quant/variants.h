#pragma once

#include "kernels/core/partition.h"
#include "kernels/quant/matmul_q8.h"

namespace crossover::kernels::quant {

// What family.cpp lists; each is defined in the file of its name, or of its name's beginning.
extern const Variant naive;
extern const Variant blocked;
extern const Variant dequantise_first;
extern const Variant dequantise_first_simd;
extern const Variant simd;
extern const Variant simd_rows;
extern const Variant simd_panels;
extern const Variant simd_parallel;
extern const Variant prepacked;
extern const Variant prepacked_parallel;

/// The part of an entry that all variants share.
inline std::optional<std::string> why_unsupported(const Problem& problem) {
  if (problem.k % block_values == 0) return std::nullopt;
  return "k = " + std::to_string(problem.k) + " is no multiple of 32, the block of Q8_0";
}

/// Parts of an entry for variants that need nothing special.
inline std::unique_ptr<Prepared> prepare_nothing(const Problem&, const Constants&,
                                                 const ParallelPolicy&) {
  return std::make_unique<Prepared>();
}

/// Whether the operands fit each other; what every variant asserts.
inline bool shapes_agree(const Args& args) {
  const auto& [a, w, c] = args;
  return a.rows == c.rows && w.rows == c.cols && a.cols == w.cols * block_values && a.batch == 1 &&
         w.batch == 1 && c.batch == 1 && a.row_stride >= a.cols && w.row_stride >= w.cols &&
         c.row_stride >= c.cols;
}

}  // namespace crossover::kernels::quant
