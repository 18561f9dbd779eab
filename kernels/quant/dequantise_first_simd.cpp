#include <cassert>
#include <stdexcept>

#include "kernels/core/parallel.h"
#include "kernels/quant/simd_code.h"
#include "kernels/quant/variants.h"

// The best that can be said for W as f32: vectors turn it into numbers, all threads take part, and
// the product is the fastest that there is. It is handed in, because it belongs to another family.

namespace crossover::kernels::quant {
namespace {

struct Plan : Prepared {
  explicit Plan(const DenseProduct* handed_in) : product(handed_in) {
    if (product == nullptr) throw std::runtime_error(std::string(why_no_product));
  }

  std::optional<std::string> code_path() const override {
    return std::string(used.name) + " to f32, " + product->code_path().value_or("product");
  }

  const Code& used = code();
  const DenseProduct* product;
};

std::unique_ptr<Prepared> prepare(const Problem&, const Constants& constants,
                                  const ParallelPolicy&) {
  return std::make_unique<Plan>(constants.product);
}

std::size_t workspace_bytes(const Problem& problem, const ParallelPolicy&) {
  return static_cast<std::size_t>(problem.n * problem.k) * sizeof(float);
}

void run(const Args& args, const Prepared& prepared, std::span<std::byte> workspace,
         const ParallelPolicy& policy) {
  assert(shapes_agree(args));
  const auto& plan = static_cast<const Plan&>(prepared);
  auto* const weights = reinterpret_cast<float*>(workspace.data());  // [n, k]
  const Index k = args.a.cols;
  parallel_region(policy, [&](int thread, int threads) {
    const Range rows = share(args.w.rows, threads, thread);
    for (Index j = rows.begin; j < rows.end; ++j) {
      plan.used.dequantise(args.w.row(0, j), args.w.cols, weights + j * k);
    }
  });
  plan.product->run(args.a, dense<const float>(weights, 1, args.w.rows, k), args.c, policy);
}

}  // namespace

constinit const Variant dequantise_first_simd = {
    .kernel = {.name = "dequantise_first_simd",
               .source = "W as f32 in every call, then an f32 product that is handed in",
               .traits = {Threading::openmp, Simd::intrinsics, Packing::per_call},
               .why_unsupported = why_unsupported,
               .prepare = prepare,
               .workspace_bytes = workspace_bytes,
               .run = run},
    .activations = Activations::exact,
};

}  // namespace crossover::kernels::quant
