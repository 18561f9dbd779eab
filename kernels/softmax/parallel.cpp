#include <cassert>

#include "kernels/core/row_team.h"
#include "kernels/softmax/naive.h"
#include "kernels/softmax/variants.h"

// The loops of naive, whole rows per thread. Where rows are fewer than threads, a thread weighs a
// piece of a row relative to the piece's own maximum, meets the others, and then scales its piece
// by what the whole row weighs: one barrier, and still one exponential per element.

namespace crossover::kernels::softmax {
namespace {

struct ScalarRows {
  const Args& args;

  void compute(Range rows, int) const {
    for (Index i = rows.begin; i < rows.end; ++i) {
      const Piece row = piece_of(args, i, 0, args.x.cols);
      multiply(row, inverse_of(weigh(row).sum));
    }
  }

  Weight reduce(Index row, Range cols, Index) const {
    return weigh(piece_of(args, row, cols.begin, cols.size()));
  }

  template <class WeightOf>
  Weight join(Index count, const WeightOf& weight_of) const {
    return join_weights(count, args.scale, weight_of);
  }

  void finish(Index row, Range cols, Index, const Weight& own, const Weight& total) const {
    multiply(piece_of(args, row, cols.begin, cols.size()),
             rescaled(own.max, total.max, args.scale) * inverse_of(total.sum));
  }
};

std::size_t workspace_bytes(const Problem& problem, const ParallelPolicy& policy) {
  return row_team_bytes<Weight>({problem.rows, problem.cols, policy.threads});
}

void run(const Args& args, const Prepared&, std::span<std::byte> workspace,
         const ParallelPolicy& policy) {
  assert(is_valid(args));
  compute_rows<Weight>(ScalarRows{args}, {args.x.rows, args.x.cols, policy.threads}, workspace,
                       policy);
}

}  // namespace

constinit const Kernel parallel = {
    .name = "parallel",
    .source = "naive, rows or pieces of rows per OpenMP thread",
    .traits = {Threading::openmp, Simd::none, Packing::none},
    .why_unsupported = always_supported,
    .prepare = prepare_nothing,
    .workspace_bytes = workspace_bytes,
    .run = run,
};

}  // namespace crossover::kernels::softmax
