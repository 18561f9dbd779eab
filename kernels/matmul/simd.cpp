#include "kernels/matmul/simd_loops.h"
#include "kernels/matmul/variants.h"

namespace crossover::kernels::matmul {
namespace {

struct Plan : Prepared {
  explicit Plan(const Problem& problem)
      : tiles(tile_kernels()), blocking(choose_blocking(tiles, problem, problem.n)) {}

  std::optional<std::string> code_path() const override {
    return matmul::code_path(tiles, blocking);
  }

  const TileKernels& tiles;
  Blocking blocking;
};

std::unique_ptr<Prepared> prepare(const Problem& problem, const Constants&, const ParallelPolicy&) {
  return std::make_unique<Plan>(problem);
}

std::size_t workspace_bytes(const Problem& problem, const ParallelPolicy&) {
  const Plan plan(problem);
  return block_workspace_bytes(plan.tiles, plan.blocking);
}

void run(const Args& args, const Prepared& prepared, std::span<std::byte> workspace,
         const ParallelPolicy&) {
  const auto& plan = static_cast<const Plan&>(prepared);
  parallel_region(ParallelPolicy{}, [&](int, int) {
    // Where a call takes some ten nanoseconds, so would the general way.
    if (plan.blocking.path == Path::whole && args.c.batch == 1 && args.c.rows > 0) {
      return plan.tiles.multiply(whole_strip(plan.tiles, args, 0));
    }
    multiply_blocks(plan.tiles, plan.blocking, args, {workspace, nullptr, {}});
  });
}

}  // namespace

constinit const Kernel simd = {
    .name = "simd",
    .source = "Goto & van de Geijn, ACM TOMS 34(3), 2008",
    .traits = {Threading::none, Simd::highway, Packing::per_call},
    .why_unsupported = always_supported,
    .prepare = prepare,
    .workspace_bytes = workspace_bytes,
    .run = run,
};

}  // namespace crossover::kernels::matmul
