#include <cassert>
#include <string>

#include "kernels/core/instruction_set.h"
#include "kernels/dot/pairs.h"
#include "kernels/dot/variants.h"

// The loop of naive, with the permission to add in any order: what the compiler makes of a dot
// product, once per instruction set, since a program for every CPU of its kind would be SSE2.

namespace crossover::kernels::dot {
namespace {

[[gnu::always_inline]] inline void multiply_pairs(const Pairs& p) {
  for (Index b = 0; b < p.pairs; ++b) {
    const float* x = p.x + b * p.x_stride;
    const float* y = p.y + b * p.y_stride;
    const Index n = p.n;
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (Index i = 0; i < n; ++i) sum += x[i] * y[i];
    p.result[b] = sum;
  }
}

void multiply_pairs_baseline(const Pairs& pairs) { multiply_pairs(pairs); }

struct Plan : Prepared {
  Plan(const char* set, MultiplyPairs loop) : name(set), multiply(loop) {}

  std::optional<std::string> code_path() const override { return std::string("compiler ") + name; }

  const char* name;
  MultiplyPairs multiply;
};

#if defined(__x86_64__)
[[gnu::target("avx2,fma")]] void multiply_pairs_avx2(const Pairs& pairs) { multiply_pairs(pairs); }

[[gnu::target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma,prefer-vector-width=512")]] void
multiply_pairs_avx512(const Pairs& pairs) {
  multiply_pairs(pairs);
}

std::unique_ptr<Prepared> prepare(const Problem&, const NoConstants&, const ParallelPolicy&) {
  const std::string set = instruction_set();
  if (set.starts_with("avx3")) return std::make_unique<Plan>("avx3", multiply_pairs_avx512);
  if (set == "avx2") return std::make_unique<Plan>("avx2", multiply_pairs_avx2);
  return std::make_unique<Plan>("sse2", multiply_pairs_baseline);
}
#else
std::unique_ptr<Prepared> prepare(const Problem&, const NoConstants&, const ParallelPolicy&) {
  return std::make_unique<Plan>("baseline", multiply_pairs_baseline);
}
#endif

void run(const Args& args, const Prepared& prepared, std::span<std::byte>, const ParallelPolicy&) {
  assert(shapes_agree(args));
  parallel_region(ParallelPolicy{},
                  [&](int, int) { static_cast<const Plan&>(prepared).multiply(all_pairs(args)); });
}

}  // namespace

constinit const Kernel compiler = {
    .name = "compiler",
    .source = "textbook loop, `omp simd reduction`",
    .traits = {Threading::none, Simd::compiler, Packing::none},
    .why_unsupported = always_supported,
    .prepare = prepare,
    .workspace_bytes = no_workspace,
    .run = run,
};

}  // namespace crossover::kernels::dot
