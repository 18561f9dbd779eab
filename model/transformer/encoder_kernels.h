#pragma once

#include <functional>
#include <memory>
#include <string>

#include "kernels/activation/activation.h"
#include "kernels/attention/attention.h"
#include "kernels/matmul/matmul.h"
#include "kernels/norm/norm.h"
#include "kernels/qk_norm_rope/qk_norm_rope.h"
#include "kernels/quant/matmul_q8.h"

namespace crossover::model {

/// Names of the variants that an encoder is composed of.
struct KernelNames {
  std::string matmul = "default";  // of matmul_q8 for Q8_0 weights, else of matmul; `default` is
                                   // prepacked_parallel or prepacked
  std::string attention = "simd_parallel";
  std::string qk_norm_rope = "fused_simd_parallel";
  std::string norm = "simd_parallel";
  std::string activation = "simd_parallel";
};

/// The variants themselves.
struct EncoderKernels {
  /// Throws std::invalid_argument: "unknown variant ... of family ...; legal: ...".
  EncoderKernels(const KernelNames& names, bool q8);

  const kernels::matmul::Kernel* matmul = nullptr;     // null for Q8_0 weights
  const kernels::quant::Variant* matmul_q8 = nullptr;  // null for others
  const kernels::attention::Kernel* attention;
  const kernels::qk_norm_rope::Kernel* qk_norm_rope;
  const kernels::norm::Kernel* norm;
  const kernels::activation::Kernel* activation;

  const kernels::matmul::DispatchPolicy* policy = nullptr;  // for the variant `auto` of matmul
};

}  // namespace crossover::model
