#include <algorithm>
#include <stdexcept>
#include <string>

#include "kernels/matmul/dispatch_policy.h"
#include "kernels/matmul/variants.h"

namespace crossover::kernels::matmul {
namespace {

/// A batch is so many more rows: both kernels cut it before they cut the rows.
std::size_t choose(const DispatchPolicy& policy, Index batch, Index m, Index n, Index k,
                   int most_threads) {
  return policy.choose(batch * m, n, k, most_threads);
}

/// One of the kernels that a policy chooses between, made ready.
struct Candidate {
  const Kernel* kernel;
  int threads;
  std::unique_ptr<Prepared> prepared;
};

struct Plan : Prepared {
  Plan(const Problem& problem, const Constants& constants, const ParallelPolicy& parallel)
      : policy(*constants.policy) {
    add(simd, problem, constants, 1);
    for (const DispatchPolicy::Boundary& boundary : policy.boundaries) {
      if (boundary.threads > parallel.threads) break;
      add(simd_parallel, problem, constants, boundary.threads);
    }
    chosen = choose(policy, problem.batch, problem.m, problem.n, problem.k, parallel.threads);
  }

  void add(const Kernel& kernel, const Problem& problem, const Constants& constants, int threads) {
    candidates.push_back({&kernel, threads, kernel.prepare(problem, constants, {threads})});
  }

  /// What runs for the problem that this was prepared for.
  std::optional<std::string> code_path() const override {
    const Candidate& candidate = candidates[chosen];
    std::string path(candidate.kernel->name);
    if (candidate.threads > 1) {
      path += "[threads=" + std::to_string(candidate.threads) + "]";
    }
    const std::optional<std::string> inner = candidate.prepared->code_path();
    return inner ? path + " " + *inner : path;
  }

  const DispatchPolicy& policy;
  std::vector<Candidate> candidates;  // by what DispatchPolicy::choose() returns
  std::size_t chosen = 0;
};

std::unique_ptr<Prepared> prepare(const Problem& problem, const Constants& constants,
                                  const ParallelPolicy& parallel) {
  if (constants.policy == nullptr) throw std::runtime_error(std::string(why_no_policy));
  return std::make_unique<Plan>(problem, constants, parallel);
}

// Which counts a policy knows is not known here; a few evaluations too many cost nothing.
std::size_t workspace_bytes(const Problem& problem, const ParallelPolicy& parallel) {
  std::size_t bytes = simd.workspace_bytes(problem, {1});
  for (int threads = 2; threads <= parallel.threads; ++threads) {
    bytes = std::max(bytes, simd_parallel.workspace_bytes(problem, {threads}));
  }
  return bytes;
}

void run(const Args& args, const Prepared& prepared, std::span<std::byte> workspace,
         const ParallelPolicy& parallel) {
  const auto& plan = static_cast<const Plan&>(prepared);
  const std::size_t choice =
      choose(plan.policy, args.c.batch, args.c.rows, args.c.cols, args.a.cols, parallel.threads);
  const Candidate& candidate = plan.candidates[choice];
  candidate.kernel->run(args, *candidate.prepared, workspace,
                        parallel.with_threads(candidate.threads));
}

}  // namespace

constinit const Kernel auto_kernel = {
    .name = "auto",
    .source = "simd or simd_parallel, as a measured policy says for each shape",
    .traits = {Threading::openmp, Simd::highway, Packing::per_call},
    .why_unsupported = always_supported,
    .prepare = prepare,
    .workspace_bytes = workspace_bytes,
    .run = run,
};

}  // namespace crossover::kernels::matmul
