#include "kernels/embedding_gradient/reference.h"

#include <fmt/format.h>
#include <vector>

#include "kernels/core/sum_check.h"

namespace crossover::kernels::embedding_gradient {
namespace {

using Tokens = std::vector<Index>;

std::optional<std::string> why_row_wrong(const Args& args, Index row, const Tokens& tokens) {
  const float* gradient = args.gradient.row(0, row);
  for (Index j = 0; j < args.gradient.cols; ++j) {
    SumCheck check;
    for (const Index token : tokens) check.add(args.upstream.row(0, token)[j]);
    const auto roundings = std::max<Index>(0, static_cast<Index>(tokens.size()) - 1);
    if (!check.accepts(gradient[j], roundings)) {
      return fmt::format("row {} ({} tokens), col {}: value {}, expected {}, bound {:.3g}", row,
                         tokens.size(), j, gradient[j], check.sum(), check.bound(roundings));
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> why_wrong(const Args& args) {
  std::vector<Tokens> tokens_of_row(static_cast<std::size_t>(args.gradient.rows));
  for (std::size_t i = args.ids.size(); i-- > 0;) {
    tokens_of_row[static_cast<std::size_t>(args.ids[i])].push_back(static_cast<Index>(i));
  }
  for (Index row = 0; row < args.gradient.rows; ++row) {
    const Tokens& tokens = tokens_of_row[static_cast<std::size_t>(row)];
    if (tokens.empty() && args.other_rows == OtherRows::kept) continue;
    if (auto why = why_row_wrong(args, row, tokens)) return why;
  }
  return std::nullopt;
}

}  // namespace crossover::kernels::embedding_gradient
