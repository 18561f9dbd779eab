#include "model/transformer/encoder_kernels.h"

#include <fmt/format.h>
#include <stdexcept>
#include <vector>

namespace crossover::model {
namespace {

template <class Found, class List>
Found* known(Found* found, const std::string& name, const char* family, const List& list) {
  if (found != nullptr) return found;
  std::vector<std::string_view> legal;
  for (const auto& entry : list) {
    if constexpr (requires { entry.name; }) {
      legal.push_back(entry.name);
    } else {
      legal.push_back(entry.kernel.name);
    }
  }
  throw std::invalid_argument(fmt::format("unknown variant '{}' of family {}; legal: {}", name,
                                          family, fmt::join(legal, ", ")));
}

}  // namespace

EncoderKernels::EncoderKernels(const KernelNames& names, bool q8)
    : attention(known(kernels::attention::find(names.attention), names.attention, "attention",
                      kernels::attention::family())),
      qk_norm_rope(known(kernels::qk_norm_rope::find(names.qk_norm_rope), names.qk_norm_rope,
                         "qk_norm_rope", kernels::qk_norm_rope::family())),
      norm(known(kernels::norm::rms_norm.find(names.norm), names.norm, "rms_norm",
                 kernels::norm::rms_norm.list())),
      activation(known(kernels::activation::find(names.activation), names.activation, "activation",
                       kernels::activation::family())) {
  const bool usual = names.matmul == "default";
  if (q8) {
    const std::string name = usual ? "prepacked_parallel" : names.matmul;
    matmul_q8 = known(kernels::quant::find(name), name, "matmul_q8", kernels::quant::family());
  } else {
    const std::string name = usual ? "prepacked" : names.matmul;
    matmul = known(kernels::matmul::find(name), name, "matmul", kernels::matmul::family());
  }
}

}  // namespace crossover::model
