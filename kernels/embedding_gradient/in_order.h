#pragma once

#include <algorithm>

#include "kernels/embedding_gradient/piece.h"

namespace crossover::kernels::embedding_gradient {

/// Sets the rows of a piece to 0: all of them, or with OtherRows::kept those that ids names.
inline void clear(const Args& args, const Piece& piece) {
  const auto clear_row = [&](Index row) {
    std::fill_n(args.gradient.row(0, row) + piece.columns.begin, piece.columns.size(), 0.0F);
  };
  if (args.other_rows == OtherRows::zeroed) {
    for (Index row = piece.own_class; row < args.gradient.rows; row += piece.classes) {
      clear_row(row);
    }
    return;
  }
  for (const TokenId id : args.ids) {
    if (piece.owns(id)) clear_row(id);
  }
}

/// Computes a piece token by token: add(from, n, to) adds n numbers to those at `to`.
template <class Add>
void scatter_in_order(const Args& args, const Piece& piece, const Add& add) {
  clear(args, piece);
  for (Index i = 0; i < args.upstream.rows; ++i) {
    const TokenId id = args.ids[static_cast<std::size_t>(i)];
    if (!piece.owns(id)) continue;
    add(args.upstream.row(0, i) + piece.columns.begin, piece.columns.size(),
        args.gradient.row(0, id) + piece.columns.begin);
  }
}

/// The loop that naive adds a row with.
inline void add_row_naive(const float* from, Index n, float* to) {
  for (Index j = 0; j < n; ++j) to[j] += from[j];
}

}  // namespace crossover::kernels::embedding_gradient
