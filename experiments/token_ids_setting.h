#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/family.h"
#include "kernels/core/token_ids.h"

namespace crossover::experiments {

/// The setting `ids` of families that take tokens: how often each id of the vocabulary occurs.
///   uniform  all alike
///   zipf     P(id < v) = log(1 + v) / log(1 + vocabulary): low ids are frequent, nearly in
///            inverse proportion to their rank, as in natural text with ids in order of frequency
harness::SettingInfo token_ids_setting();

/// As many ids as asked for, independent of each other; the same for the same seed.
/// Requires: vocabulary > 0 or no tokens.
/// Source of zipf: the log-uniform candidate sampler of TensorFlow.
std::vector<kernels::TokenId> draw_token_ids(const std::string& distribution,
                                             kernels::Index vocabulary, kernels::Index tokens,
                                             std::uint64_t seed);

}  // namespace crossover::experiments
