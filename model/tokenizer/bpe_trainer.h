#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace crossover::model {

/// A byte-level vocabulary, written in the alphabet of byte_symbol().
struct BpeVocabulary {
  std::vector<std::string> tokens;  // by id: the 256 bytes by value, then what merges make
  std::vector<std::string> merges;  // "LEFT RIGHT", the first to be applied first
};

/// Learns byte pair encoding: repeatedly the pair of neighbouring tokens that occurs most often
/// becomes a token, until there are `most_tokens` (at least 256) or no pair occurs twice. Of pairs
/// that occur equally often the one of the older tokens is first, so the same text always gives the
/// same vocabulary.
///
/// Tokens never reach over the borders between pieces: a run of letters, of digits, or of other
/// visible characters, each with a space before it, or of white space; bytes beyond ASCII are
/// letters. A piece is at most 256 bytes.
/// Cost: about (bytes of distinct pieces + merges) * log(pairs).
/// Source: Sennrich, Haddow & Birch, ACL 2016; bytes as in GPT-2, 2019.
BpeVocabulary train_bpe(std::string_view text, std::size_t most_tokens);

}  // namespace crossover::model
