#include <algorithm>
#include <new>

#include "kernels/core/partition.h"
#include "kernels/matmul/simd_packing.h"
#include "kernels/matmul/simd_team.h"
#include "kernels/matmul/variants.h"

namespace crossover::kernels::matmul {
namespace {

TeamPlan plan_for(const Problem& problem, const ParallelPolicy& policy) {
  const TileKernels& tiles = tile_kernels();
  const Split split = choose_split(problem, policy.threads, tiles.cols);
  return {tiles, split, tiles.cols,
          choose_prepacked_blocking(tiles, largest_piece(problem, split, tiles.cols))};
}

struct Free {
  void operator()(float* data) const { ::operator delete[](data, alignment); }
  static constexpr std::align_val_t alignment{64};
};

// The constants' B in panels.
class Packed : public Prepared {
 public:
  Packed(const TeamPlan& team, const Problem& problem, const MatrixBatch<const float>& b)
      : plan(team) {
    const Index cols = round_up(problem.n, plan.tiles.cols);
    const Index matrices = b.batch_stride == 0 ? std::min<Index>(1, problem.batch) : problem.batch;
    const Index elements = cols * problem.k;
    data_.reset(static_cast<float*>(::operator new[](
        static_cast<std::size_t>(matrices * elements) * sizeof(float), Free::alignment)));
    panels = {data_.get(), b.batch_stride == 0 ? 0 : elements, cols, 0};
    for (Index element = 0; element < matrices; ++element) pack(problem, b, element);
  }

  std::optional<std::string> code_path() const override {
    return matmul::code_path(plan.tiles, plan.blocking);
  }

  TeamPlan plan;
  PanelsOfB panels;

 private:
  void pack(const Problem& problem, const MatrixBatch<const float>& b, Index element) {
    const Index depth = plan.blocking.depth;
    for (Index p0 = 0; p0 < problem.k; p0 += depth) {
      const Index rows = std::min(depth, problem.k - p0);
      pack_block(b, problem.layout, element, p0, rows, 0, problem.n, plan.tiles.cols,
                 data_.get() + element * panels.batch_stride + p0 * panels.cols);
    }
  }

  std::unique_ptr<float[], Free> data_;
};

/// The plan with the split for the rows of this call, where its memory suffices for that.
TeamPlan plan_of_call(const TeamPlan& prepared, const Args& args, int threads) {
  const Split split = choose_split({args.c.batch, args.c.rows, args.c.cols, args.a.cols}, threads,
                                   prepared.granule);
  TeamPlan plan = prepared;
  if (split.pieces() <= prepared.split.pieces()) plan.split = split;
  return plan;
}

std::unique_ptr<Prepared> prepare(const Problem& problem, const Constants& constants,
                                  const ParallelPolicy& policy) {
  return std::make_unique<Packed>(plan_for(problem, policy), problem, constants.b);
}

std::size_t workspace_bytes(const Problem& problem, const ParallelPolicy& policy) {
  return team_workspace_bytes(plan_for(problem, policy));
}

void run(const Args& args, const Prepared& prepared, std::span<std::byte> workspace,
         const ParallelPolicy& policy) {
  const auto& packed = static_cast<const Packed&>(prepared);
  multiply_with_team(plan_of_call(packed.plan, args, policy.threads), args, &packed.panels,
                     workspace, policy);
}

}  // namespace

constinit const Kernel prepacked = {
    .name = "prepacked",
    .source = "simd_parallel, with B copied into panels once",
    .traits = {Threading::openmp, Simd::highway, Packing::prepacked},
    .why_unsupported = always_supported,
    .prepare = prepare,
    .workspace_bytes = workspace_bytes,
    .run = run,
};

}  // namespace crossover::kernels::matmul
