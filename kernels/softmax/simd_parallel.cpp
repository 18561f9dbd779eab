#include <cassert>

#include "kernels/core/row_team.h"
#include "kernels/softmax/simd_rows.h"
#include "kernels/softmax/variants.h"

namespace crossover::kernels::softmax {
namespace {

struct Plan : Prepared {
  Plan(const Problem& problem, const ParallelPolicy& policy)
      : shares(problem.rows, problem.cols, policy.threads) {}

  std::optional<std::string> code_path() const override {
    return std::string(kernels.name) + (shares.cut() ? " cut rows" : "");
  }

  const RowKernels& kernels = row_kernels();
  RowShares shares;
};

// One set of blocks per thread, or per piece of a row.
Index block_sets(const RowShares& shares) {
  return shares.cut() ? shares.piece_numbers() : shares.threads();
}

struct SimdRows {
  const Args& args;
  const RowKernels& kernels;
  std::byte* blocks;

  Weight* blocks_at(Index set) const {
    return reinterpret_cast<Weight*>(blocks +
                                     static_cast<std::size_t>(set) * blocks_bytes(args.x.cols));
  }

  void compute(Range rows, int thread) const { kernels.compute(args, rows, blocks_at(thread)); }

  Weight reduce(Index row, Range cols, Index number) const {
    return kernels.weigh(piece_of(args, row, cols.begin, cols.size()), blocks_at(number));
  }

  template <class WeightOf>
  Weight join(Index count, const WeightOf& weight_of) const {
    return join_weights(count, args.scale, weight_of);
  }

  void finish(Index row, Range cols, Index number, const Weight&, const Weight& total) const {
    kernels.normalise(piece_of(args, row, cols.begin, cols.size()), blocks_at(number), total);
  }
};

std::unique_ptr<Prepared> prepare(const Problem& problem, const NoConstants&,
                                  const ParallelPolicy& policy) {
  return std::make_unique<Plan>(problem, policy);
}

std::size_t workspace_bytes(const Problem& problem, const ParallelPolicy& policy) {
  const RowShares shares(problem.rows, problem.cols, policy.threads);
  return row_team_bytes<Weight>(shares) +
         static_cast<std::size_t>(block_sets(shares)) * blocks_bytes(problem.cols);
}

void run(const Args& args, const Prepared& prepared, std::span<std::byte> workspace,
         const ParallelPolicy& policy) {
  assert(is_valid(args));
  const auto& plan = static_cast<const Plan&>(prepared);
  const SimdRows rows{args, plan.kernels, workspace.data() + row_team_bytes<Weight>(plan.shares)};
  compute_rows<Weight>(rows, plan.shares, workspace, policy);
}

}  // namespace

constinit const Kernel simd_parallel = {
    .name = "simd_parallel",
    .source = "simd, rows or pieces of rows per OpenMP thread",
    .traits = {Threading::openmp, Simd::highway, Packing::none},
    .why_unsupported = always_supported,
    .prepare = prepare,
    .workspace_bytes = workspace_bytes,
    .run = run,
};

}  // namespace crossover::kernels::softmax
