#include <cassert>

#include "kernels/quant/variants.h"

// What a program without kernels for quantised weights does: W as f32 numbers, then f32 loops. A
// stays as it is. The weights come back from memory in four times the bytes.

namespace crossover::kernels::quant {
namespace {

std::size_t workspace_bytes(const Problem& problem, const ParallelPolicy&) {
  return static_cast<std::size_t>(problem.n * problem.k) * sizeof(float);
}

void dequantise(const MatrixBatch<const BlockQ8>& w, float* to) {
  for (Index j = 0; j < w.rows; ++j) {
    for (Index b = 0; b < w.cols; ++b) {
      const BlockQ8& block = w.row(0, j)[b];
      const float scale = float_of_half(block.scale);
      for (Index p = 0; p < block_values; ++p) {
        *to++ = scale * static_cast<float>(block.values[p]);
      }
    }
  }
}

void run(const Args& args, const Prepared&, std::span<std::byte> workspace, const ParallelPolicy&) {
  assert(shapes_agree(args));
  parallel_region(ParallelPolicy{}, [&](int, int) {
    const auto& [a, w, c] = args;
    auto* const weights = reinterpret_cast<float*>(workspace.data());  // [n, k]
    dequantise(w, weights);
    for (Index i = 0; i < c.rows; ++i) {
      for (Index j = 0; j < c.cols; ++j) {
        float sum = 0;
        for (Index p = 0; p < a.cols; ++p) sum += a.row(0, i)[p] * weights[j * a.cols + p];
        c.row(0, i)[j] = sum;
      }
    }
  });
}

}  // namespace

constinit const Variant dequantise_first = {
    .kernel = {.name = "dequantise_first",
               .source = "textbook, W as f32 in every call",
               .traits = {Threading::none, Simd::none, Packing::per_call},
               .why_unsupported = why_unsupported,
               .prepare = prepare_nothing,
               .workspace_bytes = workspace_bytes,
               .run = run},
    .activations = Activations::exact,
};

}  // namespace crossover::kernels::quant
