#pragma once

#include "kernels/core/row_team.h"
#include "kernels/norm/variants.h"

namespace crossover::kernels::norm {

/// What every threaded variant must know of its problem.
struct TeamPlan : Plan {
  TeamPlan(const Problem& problem, const ParallelPolicy& policy)
      : Plan(problem), shares(problem.rows, problem.cols, policy.threads) {}

  RowShares shares;
};

inline std::size_t team_workspace_bytes(const Problem& problem, const ParallelPolicy& policy) {
  return row_team_bytes<Moments>({problem.rows, problem.cols, policy.threads});
}

/// h = x + residual on a team, as many elements for each thread.
template <class Add>
void add_with_team(const Args& args, const RowShares& shares, const ParallelPolicy& policy,
                   const Add& add) {
  parallel_region(policy.with_threads(shares.threads()), [&](int thread, int threads) {
    for (int part = thread; part < shares.threads(); part += threads) {
      shares.for_each_piece(part, [&](Index row, Range cols, Index) {
        add(piece_of(args, row, cols.begin, cols.size()));
      });
    }
  });
}

/// The norm as compute_rows() wants it.
template <class Loops>
struct NormOfRows {
  const Args& args;
  const Loops& loops;

  Piece piece(Index row, Range cols) const { return piece_of(args, row, cols.begin, cols.size()); }

  void compute(Range rows, int) const { loops.compute(args, rows); }

  Moments reduce(Index row, Range cols, Index) const { return loops.moments_of(piece(row, cols)); }

  template <class MomentsOf>
  Moments join(Index count, const MomentsOf& moments) const {
    return join_moments(count, moments);
  }

  void finish(Index row, Range cols, Index, const Moments&, const Moments& total) const {
    loops.apply(piece(row, cols), line_of(total, args.epsilon));
  }
};

/// The norm on a team, whole rows or pieces of rows for each thread; `loops` has
///   compute(args, range of rows), moments_of(piece) and apply(piece, line).
/// With Residual::separate, the addition is a parallel region before that of the norm.
template <class Loops>
void normalise_with_team(const Args& args, const TeamPlan& plan, const Loops& loops,
                         std::span<std::byte> workspace, const ParallelPolicy& policy) {
  if (plan.residual == Residual::separate) {
    add_with_team(args, plan.shares, policy, [&](const Piece& piece) { loops.add(piece); });
  }
  const Args normed = normed_args(args, plan.residual);
  compute_rows<Moments>(NormOfRows<Loops>{normed, loops}, plan.shares, workspace, policy);
}

}  // namespace crossover::kernels::norm
