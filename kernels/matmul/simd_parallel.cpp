#include <limits>

#include "kernels/core/partition.h"
#include "kernels/matmul/simd_loops.h"
#include "kernels/matmul/variants.h"

namespace crossover::kernels::matmul {
namespace {

// How the product is cut into pieces, one per thread; never along k, which would need sums across
// threads.
struct Split {
  Index batch = 1;
  Index rows = 1;
  Index cols = 1;

  Index pieces() const { return batch * rows * cols; }
};

// Time of the largest piece, in multiply-adds along k. Besides its area, a piece of rows x cols
// costs its half perimeter: each row of A and column of B is fetched, or copied, once per piece. A
// copied column costs as much as 5 rows of it in multiply-adds (4% of 128), about half a vector's
// lanes.
Index cost(const Split& split, const Problem& problem, Index lanes) {
  const Index matrices = ceil_div(problem.batch, split.batch);
  const Index rows = ceil_div(problem.m, split.rows);
  const Index cols = round_up(ceil_div(problem.n, split.cols), lanes);
  return matrices * (rows * cols + lanes / 2 * (rows + cols));
}

// The cheapest split into at most `threads` pieces; of equal ones, the one that cuts fewest
// columns.
Split choose_split(const Problem& problem, Index threads, Index lanes) {
  const Index most_batch = std::max<Index>(1, std::min(threads, problem.batch));
  const Index most_cols = std::max<Index>(1, ceil_div(problem.n, lanes));
  Split best;
  Index best_cost = std::numeric_limits<Index>::max();
  for (Index batch = 1; batch <= most_batch; ++batch) {
    for (Index cols = 1; cols <= std::min(threads / batch, most_cols); ++cols) {
      const Index rows = std::clamp<Index>(problem.m, 1, threads / (batch * cols));
      const Split split{batch, rows, cols};
      if (const Index split_cost = cost(split, problem, lanes); split_cost < best_cost) {
        best = split;
        best_cost = split_cost;
      }
    }
  }
  return best;
}

Problem largest_piece(const Problem& problem, const Split& split) {
  return {ceil_div(problem.batch, split.batch), ceil_div(problem.m, split.rows),
          ceil_div(problem.n, split.cols), problem.k, problem.layout};
}

struct Plan : Prepared {
  Plan(const Problem& problem, const ParallelPolicy& policy)
      : tiles(tile_kernels()),
        split(choose_split(problem, policy.threads, tiles.lanes)),
        blocking(choose_blocking(tiles, largest_piece(problem, split))) {}

  std::optional<std::string> code_path() const override { return tiles.name; }

  const TileKernels& tiles;
  Split split;
  Blocking blocking;
};

std::unique_ptr<Prepared> prepare(const Problem& problem, const Constants&,
                                  const ParallelPolicy& policy) {
  return std::make_unique<Plan>(problem, policy);
}

std::size_t workspace_bytes(const Problem& problem, const ParallelPolicy& policy) {
  const Plan plan(problem, policy);
  return static_cast<std::size_t>(plan.split.pieces()) *
         block_workspace_bytes(plan.tiles, plan.blocking);
}

Args piece_of(const Args& args, const Split& split, Index piece, Index lanes) {
  const Range batch = share(args.c.batch, split.batch, piece / (split.rows * split.cols));
  const Range rows = share(args.c.rows, split.rows, piece / split.cols % split.rows);
  const Range cols = share(args.c.cols, split.cols, piece % split.cols, lanes);
  return {args.a.matrices(batch.begin, batch.size()).block(rows.begin, 0, rows.size(), args.a.cols),
          columns_of_b(args, cols).matrices(batch.begin, batch.size()),
          args.c.matrices(batch.begin, batch.size())
              .block(rows.begin, cols.begin, rows.size(), cols.size()),
          args.layout};
}

void run(const Args& args, const Prepared& prepared, std::span<std::byte> workspace,
         const ParallelPolicy&) {
  const auto& plan = static_cast<const Plan&>(prepared);
  const Index pieces = plan.split.pieces();
  const std::size_t piece_bytes = block_workspace_bytes(plan.tiles, plan.blocking);
  parallel_region({static_cast<int>(pieces)}, [&](int thread, int threads) {
    // OpenMP may grant fewer threads than there are pieces.
    const std::span<std::byte> own =
        workspace.subspan(static_cast<std::size_t>(thread) * piece_bytes, piece_bytes);
    for (Index piece = thread; piece < pieces; piece += threads) {
      multiply_blocks(plan.tiles, plan.blocking,
                      piece_of(args, plan.split, piece, plan.tiles.lanes), own);
    }
  });
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
