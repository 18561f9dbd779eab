#include <system_error>
#include <thread>
#include <vector>

#include "kernels/matmul/parallel.h"
#include "kernels/matmul/variants.h"

// The loops of `parallel`, by threads that live for one call: what a program pays that starts
// threads where it has work, and keeps none. The calling thread takes a share like in a team of
// OpenMP; a program that lets it only wait pays for one thread more.

namespace crossover::kernels::matmul {
namespace {

void run(const Args& args, const Prepared&, std::span<std::byte>, const ParallelPolicy& policy) {
  if (policy.threads <= 1) {
    count_task();
    multiply_share(args, 0, 1);
    return;
  }
  count_region();
  const auto work = [&args, threads = policy.threads](int thread) {
    count_task();
    multiply_share(args, thread, threads);
  };
  std::vector<std::jthread> others;  // joined when they go
  others.reserve(static_cast<std::size_t>(policy.threads - 1));
  int started = 1;
  try {
    for (; started < policy.threads; ++started) {
      others.emplace_back(work, started);
      count_thread_start();
    }
  } catch (const std::system_error&) {
    // The system grants no more threads: their shares remain for this one.
  }
  work(0);
  for (; started < policy.threads; ++started) work(started);
}

}  // namespace

constinit const Kernel parallel_spawn = {
    .name = "parallel_spawn",
    .source = "parallel, on threads that every call starts and joins",
    .traits = {Threading::threads_per_call, Simd::none, Packing::none},
    .why_unsupported = always_supported,
    .prepare = prepare_nothing,
    .workspace_bytes = no_workspace,
    .run = run,
};

}  // namespace crossover::kernels::matmul
