#include "experiments/matmul_cases.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <memory>

#include "experiments/aligned_buffer.h"
#include "experiments/instruction_set_setting.h"
#include "experiments/policy_setting.h"
#include "experiments/variant_info.h"
#include "kernels/core/cpu_caches.h"
#include "kernels/matmul/matmul.h"
#include "kernels/matmul/reference.h"
#include "kernels/matmul/simd_plan.h"
#include "kernels/matmul/variants.h"

namespace crossover::experiments {
namespace {

namespace matmul = kernels::matmul;
using kernels::Index;

matmul::Problem problem_of(const harness::Problem& problem) {
  return {harness::extent(problem, "batch"), harness::extent(problem, "m"),
          harness::extent(problem, "n"), harness::extent(problem, "k")};
}

matmul::Problem problem_of(const harness::Cell& cell) {
  matmul::Problem problem = problem_of(cell.problem);
  if (cell.arm.settings.at("layout") == "abt") problem.layout = matmul::Layout::abt;
  return problem;
}

double flops_of(const matmul::Problem& p) {
  return 2.0 * static_cast<double>(p.batch) * static_cast<double>(p.m) * static_cast<double>(p.n) *
         static_cast<double>(p.k);
}

/// Bytes of A, B and C, once.
double bytes_of(const matmul::Problem& p) {
  const double m = static_cast<double>(p.m);
  const double n = static_cast<double>(p.n);
  const double k = static_cast<double>(p.k);
  return sizeof(float) * static_cast<double>(p.batch) * (m * k + k * n + m * n);
}

/// Uniform in [-1, 1), from the place alone, so that any thread can fill any part.
/// Source: SplitMix64's finaliser, Steele, Lea & Flood, OOPSLA 2014.
float noise(std::uint64_t seed, std::uint64_t place) {
  std::uint64_t z = seed * 0x9e3779b97f4a7c15ULL + place * 0xd1342543de82ef95ULL;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  z ^= z >> 31;
  return static_cast<float>(static_cast<double>(z >> 40) * 0x1p-23 - 1.0);
}

/// Fills with noise; each thread touches first the part that it will most likely compute on.
void fill(std::span<float> values, std::uint64_t seed, const kernels::ParallelPolicy& policy) {
  kernels::parallel_region(policy, [&](int thread, int threads) {
    const std::size_t begin = values.size() * static_cast<std::size_t>(thread) / threads;
    const std::size_t end = values.size() * static_cast<std::size_t>(thread + 1) / threads;
    for (std::size_t i = begin; i < end; ++i) values[i] = noise(seed, i);
  });
}

/// One set of operands.
struct Operands {
  AlignedBuffer<float> a;
  AlignedBuffer<float> b;
  AlignedBuffer<float> c;

  Operands(const matmul::Problem& p, const kernels::ParallelPolicy& policy)
      : a(static_cast<std::size_t>(p.batch * p.m * p.k)),
        b(static_cast<std::size_t>(p.batch * p.k * p.n)),
        c(static_cast<std::size_t>(p.batch * p.m * p.n)) {
    fill(a.span(), 1, policy);
    fill(b.span(), 2, policy);
    fill(c.span(), 3, policy);
  }

  kernels::MatrixBatch<const float> b_of(const matmul::Problem& p) const {
    const bool transposed = p.layout == matmul::Layout::abt;
    return kernels::dense<const float>(b.data(), p.batch, transposed ? p.n : p.k,
                                       transposed ? p.k : p.n);
  }

  matmul::Args args(const matmul::Problem& p, float* output) const {
    return {kernels::dense<const float>(a.data(), p.batch, p.m, p.k), b_of(p),
            kernels::dense<float>(output, p.batch, p.m, p.n), p.layout};
  }
};

/// How many sets of operands make every call find its own ones evicted.
int sets_for_cold_cache(const matmul::Problem& p) {
  constexpr double enough = 2;  // times the last-level cache, since replacement is not exactly LRU
  const double cache = static_cast<double>(kernels::cpu_caches().level3);
  return 1 + static_cast<int>(std::ceil(enough * cache / std::max(bytes_of(p), 64.0)));
}

/// The threads that touch the operands first. A vendor's library brings threads of its own, and an
/// OpenMP team beside them would keep spinning on their cores.
kernels::ParallelPolicy filling_policy(const matmul::Kernel& kernel,
                                       const kernels::ParallelPolicy& policy) {
  return kernel.traits.threading == kernels::Threading::openmp ? policy : kernels::ParallelPolicy{};
}

/// A prepared product and all of its memory.
class Product {
 public:
  Product(const matmul::Kernel& kernel, const matmul::Problem& problem,
          const kernels::ParallelPolicy& policy, int sets, bool fresh_buffers,
          std::optional<matmul::DispatchPolicy> dispatch)
      : kernel_(kernel),
        problem_(problem),
        policy_(policy),
        fresh_buffers_(fresh_buffers),
        dispatch_(std::move(dispatch)) {
    workspace_ = AlignedBuffer<std::byte>(kernel.workspace_bytes(problem, policy));
    for (int set = 0; set < sets; ++set) {
      operands_.emplace_back(problem, filling_policy(kernel, policy));
      // What was made from the constants must be as cold as they are.
      if (set == 0 || kernel.traits.packing == kernels::Packing::prepacked) prepare();
    }
  }

  void call() {
    const Operands& operands = next();
    if (fresh_buffers_) {
      const AlignedBuffer<float> output(operands.c.span().size());
      const AlignedBuffer<std::byte> workspace(workspace_.span().size());
      run(operands.args(problem_, output.data()), workspace.span());
    } else {
      run(operands.args(problem_, operands.c.data()), workspace_.span());
    }
  }

  /// All sets hold the same numbers, so that one of them stands for all. A fresh output differs
  /// from a preallocated one in its address alone.
  std::optional<std::string> why_wrong() {
    const Operands& operands = next();
    std::fill(operands.c.span().begin(), operands.c.span().end(),
              std::numeric_limits<float>::quiet_NaN());
    const matmul::Args args = operands.args(problem_, operands.c.data());
    run(args, workspace_.span());
    constexpr std::uint64_t seed = 20;  // any will do; fixed, so that a finding can be repeated
    return matmul::why_wrong(args, seed);
  }

  harness::ExecutionCounts count() {
    kernels::reset_execution_counters();
    call();
    const kernels::ExecutionCounters counted = kernels::read_execution_counters();
    harness::ExecutionCounts counts;
    counts.code_path = prepared_.front()->code_path();
    // A vendor's code does not count for us.
    if (kernel_.traits.simd == kernels::Simd::vendor) return counts;
    counts.parallel_regions = counted.parallel_regions;
    counts.tasks = counted.tasks;
    counts.threads_used = counted.threads_used;
    counts.threads_started = counted.threads_started;
    return counts;
  }

  double prepare_seconds = 0;

 private:
  void prepare() {
    const matmul::Constants constants = {operands_.back().b_of(problem_),
                                         dispatch_ ? &*dispatch_ : nullptr};
    const auto start = std::chrono::steady_clock::now();
    prepared_.push_back(kernel_.prepare(problem_, constants, policy_));
    prepare_seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }

  const Operands& next() {
    turn_ = (turn_ + 1) % operands_.size();
    return operands_[turn_];
  }

  void run(const matmul::Args& args, std::span<std::byte> workspace) {
    kernel_.run(args, *prepared_[turn_ % prepared_.size()], workspace, policy_);
  }

  const matmul::Kernel& kernel_;
  matmul::Problem problem_;
  kernels::ParallelPolicy policy_;
  bool fresh_buffers_;
  std::optional<matmul::DispatchPolicy> dispatch_;
  AlignedBuffer<std::byte> workspace_;
  std::vector<Operands> operands_;
  std::vector<std::unique_ptr<kernels::Prepared>> prepared_;  // one, or one for each operands_
  std::size_t turn_ = 0;
};

const std::string& setting(const harness::Arm& arm, const std::string& name) {
  return arm.settings.at(name);
}

/// Runs one empty region, as a library that shares the process would have done before. Its threads
/// stay, and keep spinning where waiting is active.
void start_openmp_pool(int threads) {
  kernels::parallel_region({threads}, [](int, int) {});
}

/// Far too rough to conclude anything from; good enough to tell minutes from hours.
double rough_seconds(const harness::Arm& arm, const harness::Problem& problem) {
  const matmul::Kernel* kernel = matmul::find(arm.variant);
  const bool scalar = kernel != nullptr && kernel->traits.simd == kernels::Simd::none;
  constexpr double scalar_flops = 2e9;
  constexpr double simd_flops = 50e9;
  return flops_of(problem_of(problem)) /
         ((scalar ? scalar_flops : simd_flops) * harness::threads_of(arm));
}

}  // namespace

harness::FamilyInfo matmul_family() {
  harness::FamilyInfo family;
  family.name = "matmul";
  family.extents = {"batch", "m", "n", "k"};
  family.default_extents = {{"batch", 1}};
  family.alias = {{"size", {"m", "n", "k"}}};
  family.tuples = {
      {"nk", {"n", "k"}}, {"mk", {"m", "k"}}, {"mn", {"m", "n"}}, {"mnk", {"m", "n", "k"}}};
  family.settings = {instruction_set_setting(),
                     {"other_pool", {"none", "openmp"}, false},
                     {"layout", {"ab", "abt"}, false},
                     policy_setting(),
                     policy_from_setting()};
  for (const matmul::Kernel& kernel : matmul::family()) {
    family.variants.push_back(variant_info(kernel));
    family.variants.back().unavailable = kernel.why_unsupported({1, 1, 1, 1});
    if (kernel.traits.simd == kernels::Simd::highway) {
      family.variants.back().details = matmul::describe_blocking();
    }
  }
  family.flops = [](const harness::Problem& problem) { return flops_of(problem_of(problem)); };
  family.memory_bytes = [](const harness::Problem& problem) {
    constexpr double workspace_and_cold_sets = 2;  // an upper bound for what a worker adds
    const double cache = static_cast<double>(kernels::cpu_caches().level3);
    return workspace_and_cold_sets * (bytes_of(problem_of(problem)) + cache);
  };
  family.rough_seconds = rough_seconds;
  return family;
}

harness::Case matmul_case(const harness::Cell& cell) {
  const matmul::Kernel* kernel = matmul::find(cell.arm.variant);
  if (kernel == nullptr) throw std::invalid_argument("unknown variant " + cell.arm.variant);
  choose_instruction_set(cell.arm);
  const matmul::Problem problem = problem_of(cell);
  if (const auto reason = kernel->why_unsupported(problem)) throw harness::Unsupported(*reason);

  std::optional<matmul::DispatchPolicy> dispatch;
  if (cell.arm.variant == matmul::auto_kernel.name) {
    dispatch = dispatch_policy_of(cell.arm);
    if (!dispatch) throw harness::Unsupported(std::string(matmul::why_no_policy));
  }

  const bool cold = setting(cell.arm, "cache") == "cold";
  const bool fresh = setting(cell.arm, "buffers") == "per_call";
  const auto product = std::make_shared<Product>(
      *kernel, problem, kernels::ParallelPolicy{harness::threads_of(cell.arm)},
      cold ? sets_for_cold_cache(problem) : 1, fresh, std::move(dispatch));
  if (setting(cell.arm, "other_pool") == "openmp") start_openmp_pool(harness::threads_of(cell.arm));
  harness::Case result;
  result.work = {flops_of(problem), bytes_of(problem)};
  result.prepare_seconds = product->prepare_seconds;
  result.call = [product] { product->call(); };
  result.why_wrong = [product] { return product->why_wrong(); };
  result.count = [product] { return product->count(); };
  return result;
}

}  // namespace crossover::experiments
