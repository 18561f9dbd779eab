#pragma once

#include <cstdint>

#include "kernels/embedding_gradient/piece.h"

namespace crossover::kernels::embedding_gradient {

/// A token and the row that it names.
struct SortedToken {
  std::uint32_t id = 0;
  std::uint32_t token = 0;
};

/// Bytes of workspace of sort_tokens(), a multiple of a cache line.
std::size_t sort_workspace_bytes(Index tokens);

/// The tokens whose rows a piece owns, by id, and those of one id in the order of the text.
/// Cost: one pass over the ids and one over the tokens per 8 bits of the vocabulary; no allocation.
/// Source: radix sort from the least significant digit, Knuth, TAOCP vol. 3, section 5.2.5.
std::span<const SortedToken> sort_tokens(const Args& args, const Piece& piece,
                                         std::span<std::byte> workspace);

/// Bytes of workspace for a team whose threads sort for themselves.
inline std::size_t team_workspace_bytes(const Problem& problem, const ParallelPolicy& policy) {
  return static_cast<std::size_t>(policy.threads) * sort_workspace_bytes(problem.tokens);
}

/// A thread's part of that.
inline std::span<std::byte> workspace_of(std::span<std::byte> workspace, int thread, Index tokens) {
  const std::size_t bytes = sort_workspace_bytes(tokens);
  return workspace.subspan(static_cast<std::size_t>(thread) * bytes, bytes);
}

/// Computes a piece row by row of the gradient, so that each is written once:
/// sum(tokens, count, columns, to) writes the sum of the upstream rows of the first `count` tokens,
/// in their order; those after them are the ones that come next.
template <class Sum>
void scatter_sorted(const Args& args, const Piece& piece, std::span<std::byte> workspace,
                    const Sum& sum) {
  const std::span<const SortedToken> tokens = sort_tokens(args, piece, workspace);
  const auto part_of_row = [&](Index row) {
    return args.gradient.row(0, row) + piece.columns.begin;
  };
  const bool zeroes = args.other_rows == OtherRows::zeroed;
  Index next = piece.own_class;  // the first row that is not done
  const auto zero_up_to = [&](Index row) {
    for (; next < row; next += piece.classes) {
      std::fill_n(part_of_row(next), piece.columns.size(), 0.0F);
    }
  };
  for (std::size_t begin = 0, end = 0; begin < tokens.size(); begin = end) {
    const std::uint32_t id = tokens[begin].id;
    while (end < tokens.size() && tokens[end].id == id) ++end;
    if (zeroes) zero_up_to(id);
    sum(tokens.subspan(begin), end - begin, piece.columns, part_of_row(id));
    next = Index{id} + piece.classes;
  }
  if (zeroes) zero_up_to(args.gradient.rows);
}

}  // namespace crossover::kernels::embedding_gradient
