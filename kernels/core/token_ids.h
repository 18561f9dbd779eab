#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "kernels/core/matrix.h"

namespace crossover::kernels {

/// The number of a token in a vocabulary, and of its row in a table.
using TokenId = std::int32_t;

/// The first id outside [0, vocabulary) with its place, or nullopt. Cost: one pass over the ids.
std::optional<std::string> why_ids_invalid(std::span<const TokenId> ids, Index vocabulary);

/// Why ids cannot number so many rows, or so many tokens have none; else nullopt.
std::optional<std::string> why_vocabulary_unusable(Index vocabulary, Index tokens);

}  // namespace crossover::kernels
