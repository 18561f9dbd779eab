#pragma once

#include "kernels/core/partition.h"
#include "kernels/embedding_gradient/embedding_gradient.h"

namespace crossover::kernels::embedding_gradient {

/// What one thread owns of the gradient: some columns of every row v with v % classes = own_class.
/// Nobody else writes there, so nothing needs to be atomic and the order of the sums is that of the
/// tokens. Rows are dealt out in turn because low ids are frequent in most vocabularies.
struct Piece {
  Range columns;
  int own_class = 0;
  int classes = 1;

  bool owns(TokenId id) const { return classes == 1 || id % classes == own_class; }
};

/// The pieces of a team: columns first, which share the work evenly however often a row is named,
/// as long as a piece of a row stays long enough to be read at speed.
inline Piece piece_of(const Args& args, int thread, int threads) {
  constexpr Index least_columns = 64;  // four cache lines
  constexpr Index granule = 16;        // floats of a cache line
  const Index most_parts = std::max<Index>(1, args.gradient.cols / least_columns);
  int parts = static_cast<int>(std::min<Index>(threads, most_parts));
  while (threads % parts != 0) --parts;
  return {share(args.gradient.cols, parts, thread % parts, granule), thread / parts,
          threads / parts};
}

}  // namespace crossover::kernels::embedding_gradient
