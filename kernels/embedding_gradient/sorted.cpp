#include <array>
#include <bit>
#include <cassert>

#include "kernels/embedding_gradient/sorted_tokens.h"
#include "kernels/embedding_gradient/variants.h"

// Tokens are sorted by the row that they name, so that each row of the gradient is summed at once
// and written once, and rows that no token names are written once, too. What limits it: each
// instruction adds one number.

namespace crossover::kernels::embedding_gradient {
namespace {

constexpr int digit_bits = 8;
constexpr std::size_t digits = std::size_t{1} << digit_bits;

std::size_t digit_of(const SortedToken& token, int shift) {
  return (token.id >> shift) & (digits - 1);
}

// Moves the tokens in the order of one digit; those of the same digit keep theirs.
void sort_by_digit(std::span<const SortedToken> from, SortedToken* to, int shift) {
  std::array<std::uint32_t, digits> places = {};
  for (const SortedToken& token : from) ++places[digit_of(token, shift)];
  std::uint32_t place = 0;
  for (std::uint32_t& count : places) {
    const std::uint32_t here = count;
    count = place;
    place += here;
  }
  for (const SortedToken& token : from) to[places[digit_of(token, shift)]++] = token;
}

void sum_group(const Args& args, std::span<const SortedToken> tokens, std::size_t count,
               Range columns, float* to) {
  const auto row = [&](std::size_t i) {
    return args.upstream.row(0, tokens[i].token) + columns.begin;
  };
  std::copy_n(row(0), columns.size(), to);
  for (std::size_t i = 1; i < count; ++i) {
    const float* from = row(i);
    for (Index j = 0; j < columns.size(); ++j) to[j] += from[j];
  }
}

void run(const Args& args, const Prepared&, std::span<std::byte> workspace, const ParallelPolicy&) {
  assert(is_valid(args));
  parallel_region(ParallelPolicy{}, [&](int thread, int threads) {
    scatter_sorted(args, piece_of(args, thread, threads), workspace,
                   [&](std::span<const SortedToken> tokens, std::size_t count, Range columns,
                       float* to) { sum_group(args, tokens, count, columns, to); });
  });
}

std::size_t workspace_bytes(const Problem& problem, const ParallelPolicy&) {
  return sort_workspace_bytes(problem.tokens);
}

}  // namespace

std::size_t sort_workspace_bytes(Index tokens) {
  constexpr Index buffers = 2;
  constexpr Index line_tokens = 64 / sizeof(SortedToken);
  return static_cast<std::size_t>(buffers * round_up(tokens, line_tokens)) * sizeof(SortedToken);
}

std::span<const SortedToken> sort_tokens(const Args& args, const Piece& piece,
                                         std::span<std::byte> workspace) {
  auto* from = reinterpret_cast<SortedToken*>(workspace.data());
  SortedToken* to = from + sort_workspace_bytes(args.upstream.rows) / sizeof(SortedToken) / 2;
  std::size_t count = 0;
  for (std::size_t i = 0; i < args.ids.size(); ++i) {
    if (!piece.owns(args.ids[i])) continue;
    from[count++] = {static_cast<std::uint32_t>(args.ids[i]), static_cast<std::uint32_t>(i)};
  }
  const int id_bits =
      std::bit_width(static_cast<std::uint64_t>(std::max<Index>(0, args.gradient.rows - 1)));
  for (int shift = 0; shift < id_bits; shift += digit_bits) {
    sort_by_digit({from, count}, to, shift);
    std::swap(from, to);
  }
  return {from, count};
}

constinit const Kernel sorted = {
    .name = "sorted",
    .source = "radix sort of the tokens by id, then a sum per row",
    .traits = {Threading::none, Simd::none, Packing::none},
    .why_unsupported = why_unsupported,
    .prepare = prepare_nothing,
    .workspace_bytes = workspace_bytes,
    .run = run,
};

}  // namespace crossover::kernels::embedding_gradient
