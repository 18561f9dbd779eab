#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "model/tokenizer/tokenizer.h"

namespace crossover::model {

/// A file of texts that cannot be used. The message is complete: "FILE:LINE: what is wrong; what
/// would be right".
class TextError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The texts of a file, one per line, of any bytes; a carriage return at the end of a line does not
/// belong to it. Throws TextError where it cannot be read or holds no line.
std::vector<std::string> read_texts(const std::filesystem::path& path);

/// The ids of some texts.
struct TokenisedTexts {
  std::vector<std::vector<TokenId>> ids;
  std::size_t truncated = 0;  // texts that were cut
};

/// What a model does with texts that are longer than it can take.
enum class TooLong { error, truncate };

/// Ids of texts [i] of line i + 1 of `file`, at most `most` each. Throws TextError: a text without
/// tokens, or with too many where that is an error.
TokenisedTexts tokenise(const Tokenizer& tokenizer, const std::vector<std::string>& texts,
                        std::size_t most, TooLong too_long, const std::string& file);

}  // namespace crossover::model
