#include "kernels/matmul/simd_team.h"
#include "kernels/matmul/variants.h"

namespace crossover::kernels::matmul {
namespace {

TeamPlan plan_for(const Problem& problem, const ParallelPolicy& policy) {
  const TileKernels& tiles = tile_kernels();
  const Split split = choose_split(problem, policy.threads, tiles.lanes);
  return {tiles, split, tiles.lanes,
          choose_blocking(tiles, largest_piece(problem, split, tiles.lanes), problem.n)};
}

struct Planned : Prepared {
  explicit Planned(TeamPlan team) : plan(team) {}

  std::optional<std::string> code_path() const override {
    return matmul::code_path(plan.tiles, plan.blocking);
  }

  TeamPlan plan;
};

std::unique_ptr<Prepared> prepare(const Problem& problem, const Constants&,
                                  const ParallelPolicy& policy) {
  return std::make_unique<Planned>(plan_for(problem, policy));
}

std::size_t workspace_bytes(const Problem& problem, const ParallelPolicy& policy) {
  return team_workspace_bytes(plan_for(problem, policy));
}

void run(const Args& args, const Prepared& prepared, std::span<std::byte> workspace,
         const ParallelPolicy& policy) {
  multiply_with_team(static_cast<const Planned&>(prepared).plan, args, nullptr, workspace, policy);
}

}  // namespace

constinit const Kernel simd_parallel = {
    .name = "simd_parallel",
    .source = "simd, one 2-D block of C per OpenMP thread",
    .traits = {Threading::openmp, Simd::highway, Packing::per_call},
    .why_unsupported = always_supported,
    .prepare = prepare,
    .workspace_bytes = workspace_bytes,
    .run = run,
};

}  // namespace crossover::kernels::matmul
