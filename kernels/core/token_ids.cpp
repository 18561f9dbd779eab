#include "kernels/core/token_ids.h"

#include <fmt/format.h>
#include <limits>

namespace crossover::kernels {

std::optional<std::string> why_ids_invalid(std::span<const TokenId> ids, Index vocabulary) {
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] < 0 || ids[i] >= vocabulary) {
      return fmt::format("id {} at place {}; expected 0..{}", ids[i], i, vocabulary - 1);
    }
  }
  return std::nullopt;
}

std::optional<std::string> why_vocabulary_unusable(Index vocabulary, Index tokens) {
  if (vocabulary > Index{std::numeric_limits<TokenId>::max()} + 1) {
    return fmt::format("ids have 32 bits; a vocabulary of {} is too large", vocabulary);
  }
  if (vocabulary == 0 && tokens > 0) return "an empty vocabulary has no row for any token";
  return std::nullopt;
}

}  // namespace crossover::kernels
