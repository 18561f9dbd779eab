#include "harness/policy/published_rules.h"

#include <algorithm>
#include <cmath>

namespace crossover::harness {
namespace {

double work(const Shape& shape) {
  return static_cast<double>(shape.m) * static_cast<double>(shape.n) * static_cast<double>(shape.k);
}

int clamped(double threads, int most) {
  return static_cast<int>(std::clamp(std::floor(threads), 1.0, static_cast<double>(most)));
}

/// All threads from so many multiply-adds on.
std::function<int(const Shape&)> all_from(double least, int threads) {
  return [=](const Shape& shape) { return work(shape) >= least ? threads : 1; };
}

std::function<int(const Shape&)> all_above(double limit, int threads) {
  return [=](const Shape& shape) { return work(shape) > limit ? threads : 1; };
}

/// oneDNN's model: a region of t threads costs 3,000 cycles where there are at most 4 threads, else
/// 4,000 + 500 t, and is worth it where the share of the work that t - 1 threads take over,
/// (1 - 1/t) of all cycles, is more. It tries all threads first, then fewer in growing steps.
/// A core does two fused multiply-adds of a full vector per cycle; f32 work counts twice.
int onednn_threads(const Shape& shape, const RuleMachine& machine) {
  const double cycles = 2 * work(shape) / (4 * machine.vector_lanes);
  const bool few = machine.threads <= 4;
  const auto region = [&](double threads) { return few ? 3000.0 : 4000 + 500 * threads; };
  if (cycles < (few ? region(1) : region(2))) return 1;
  int threads = machine.threads;
  while (threads > 1 && region(threads) * threads >= cycles * (threads - 1)) {
    const int step = few ? 1 : threads < 10 ? 2 : threads < 30 ? 4 : 8;
    threads -= step;
  }
  return std::max(1, threads);
}

}  // namespace

std::vector<Strategy> published_rules(const RuleMachine& machine) {
  const int all = machine.threads;
  const auto per_task = [all](double task, double offset) {
    return [=](const Shape& shape) { return clamped(work(shape) / task + offset, all); };
  };
  const auto always = [](int threads) { return [=](const Shape&) { return threads; }; };
  const auto outputs = [all](const Shape& shape) {
    constexpr double grain = 32768;
    const double elements = static_cast<double>(shape.m) * static_cast<double>(shape.n);
    return clamped(std::ceil(elements / grain), all);
  };
  return {
      {"always serial", "1 thread", "baseline", false, always(1)},
      {"always parallel", "all threads", "baseline", false, always(all)},
      {"MLAS", "mnk / 65,536 + 1 threads", "ONNX Runtime, MLAS_SGEMM_THREAD_COMPLEXITY", true,
       per_task(65536, 1)},
      {"MLAS, older", "mnk / 2,097,152 + 1 threads", "ONNX Runtime, earlier versions", true,
       per_task(2.0 * 1024 * 1024, 1)},
      {"Eigen", "mnk / 50,000 threads", "Eigen 3.4, kMinTaskSize of parallelize_gemm", true,
       per_task(50000, 0)},
      {"oneDNN", "a region costs 3,000 cycles up to 4 threads, else 4,000 + 500 per thread",
       "oneDNN, adjust_thread_count of its gemm driver", true,
       [machine](const Shape& shape) { return onednn_threads(shape, machine); }},
      {"BLIS", "mnk >= 200,000", "BLIS, pull request 942", true, all_from(200000, all)},
      {"OpenBLAS", "mnk > 262,144",
       "OpenBLAS, SMP_THRESHOLD_MIN x GEMM_MULTITHREAD_THRESHOLD = 65,536 x 4", true,
       all_above(262144, all)},
      {"OpenBLAS, small matrix", "mnk > 1,000,000", "OpenBLAS, with its small-matrix kernels", true,
       all_above(1e6, all)},
      {"Julia", "mnk > 3,276,800", "Julia's build of OpenBLAS, threshold 50", true,
       all_above(65536.0 * 50, all)},
      {"PyTorch grain", "mn / 32,768 threads, rounded up",
       "ATen, GRAIN_SIZE; applied to the elements of C, which parallel_for would go over", true,
       outputs},
      {"ggml", "all threads", "ggml, no threshold", true, always(all)},
  };
}

}  // namespace crossover::harness
