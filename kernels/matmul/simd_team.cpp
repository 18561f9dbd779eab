#include "kernels/matmul/simd_team.h"

#include <new>

#include "kernels/core/parallel.h"
#include "kernels/core/partition.h"
#include "kernels/matmul/variants.h"

namespace crossover::kernels::matmul {
namespace {

// The part of the product that one piece is.
struct Piece {
  Range batch;
  Range rows;
  Range cols;
  Index row_part = 0;
  Index group = 0;  // pieces with the same batch and columns
};

Piece piece_of(const Args& args, const Split& split, Index granule, Index piece) {
  const Index row_part = piece % split.rows;
  const Index group = piece / split.rows;
  return {share(args.c.batch, split.batch, group / split.cols),
          share(args.c.rows, split.rows, row_part),
          share(args.c.cols, split.cols, group % split.cols, granule), row_part, group};
}

Args operands_of(const Args& args, const Piece& piece) {
  const auto& [batch, rows, cols, row_part, group] = piece;
  return {args.a.matrices(batch.begin, batch.size()).block(rows.begin, 0, rows.size(), args.a.cols),
          columns_of_b(args, cols).matrices(batch.begin, batch.size()),
          args.c.matrices(batch.begin, batch.size())
              .block(rows.begin, cols.begin, rows.size(), cols.size()),
          args.layout};
}

// Copies of B are shared by pieces that cut rows only.
bool copies_are_shared(const TeamPlan& plan) {
  return plan.split.rows > 1 && plan.blocking.path == Path::packed;
}

}  // namespace

std::size_t team_workspace_bytes(const TeamPlan& plan) {
  const std::size_t own = block_workspace_bytes(plan.tiles, plan.blocking);
  const auto pieces = static_cast<std::size_t>(plan.split.pieces());
  const auto groups = static_cast<std::size_t>(plan.split.batch * plan.split.cols);
  return pieces * own + (copies_are_shared(plan) ? groups * sizeof(SpinBarrier) : 0);
}

void multiply_with_team(const TeamPlan& plan, const Args& args, const PanelsOfB* panels,
                        std::span<std::byte> workspace, const ParallelPolicy& policy) {
  const Index pieces = plan.split.pieces();
  const std::size_t own_bytes = block_workspace_bytes(plan.tiles, plan.blocking);
  const auto workspace_of = [&](Index piece) {
    return workspace.subspan(static_cast<std::size_t>(piece) * own_bytes, own_bytes);
  };
  auto* barriers = reinterpret_cast<SpinBarrier*>(workspace.data() +
                                                  static_cast<std::size_t>(pieces) * own_bytes);
  const bool shared = copies_are_shared(plan);
  for (Index group = 0; shared && group < plan.split.batch * plan.split.cols; ++group) {
    new (barriers + group) SpinBarrier(static_cast<int>(plan.split.rows));
  }
  parallel_region(policy.with_threads(static_cast<int>(pieces)), [&](int thread, int threads) {
    for (Index number = thread; number < pieces; number += threads) {
      const Piece piece = piece_of(args, plan.split, plan.granule, number);
      PanelsOfB own_panels;
      if (panels) {
        own_panels = *panels;
        own_panels.data += piece.batch.begin * panels->batch_stride;
        own_panels.first_col = piece.cols.begin;
      }
      Resources resources{workspace_of(number), panels ? &own_panels : nullptr, {}};
      // OpenMP may grant fewer threads than there are pieces, and then nobody may wait for another.
      if (shared && threads == pieces) {
        resources.group = {barriers + piece.group, plan.split.rows, piece.row_part,
                           workspace_of(piece.group * plan.split.rows)};
      }
      multiply_blocks(plan.tiles, plan.blocking, operands_of(args, piece), resources);
    }
  });
}

}  // namespace crossover::kernels::matmul
