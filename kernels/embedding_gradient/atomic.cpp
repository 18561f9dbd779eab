#include <atomic>
#include <cassert>

#include "kernels/embedding_gradient/in_order.h"
#include "kernels/embedding_gradient/variants.h"

// Threads share the tokens and add to the gradient with atomic operations, as GPUs do. What limits
// it: each number is an exchange that must succeed, and rows that many tokens name travel from core
// to core. The order of the sums, and with it the last bits, depends on timing.

namespace crossover::kernels::embedding_gradient {
namespace {

void add_tokens(const Args& args, Range tokens) {
  for (Index i = tokens.begin; i < tokens.end; ++i) {
    const float* from = args.upstream.row(0, i);
    float* to = args.gradient.row(0, args.ids[static_cast<std::size_t>(i)]);
    for (Index j = 0; j < args.gradient.cols; ++j) {
      std::atomic_ref<float>(to[j]).fetch_add(from[j], std::memory_order_relaxed);
    }
  }
}

void run(const Args& args, const Prepared&, std::span<std::byte>, const ParallelPolicy& policy) {
  assert(is_valid(args));
  parallel_region(policy, [&](int thread, int threads) {
    clear(args, piece_of(args, thread, threads));
#pragma omp barrier
    add_tokens(args, share(args.upstream.rows, threads, thread));
  });
}

}  // namespace

constinit const Kernel atomic = {
    .name = "atomic",
    .source = "naive, contiguous tokens per OpenMP thread, atomic additions",
    .traits = {Threading::openmp, Simd::none, Packing::none},
    .why_unsupported = why_unsupported,
    .prepare = prepare_nothing,
    .workspace_bytes = no_workspace,
    .run = run,
};

}  // namespace crossover::kernels::embedding_gradient
