#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

namespace crossover::model {

/// Cuts text into the words of a pre-tokenizer, a regular expression.
class WordPattern {
 public:
  /// Throws std::logic_error: no regular expression.
  explicit WordPattern(const char* pattern);
  ~WordPattern();
  WordPattern(const WordPattern&) = delete;
  WordPattern& operator=(const WordPattern&) = delete;

  /// The bytes of the word that begins at `from`, or, where none begins there, of what lies before
  /// the next word: bytes that are not UTF-8. At least 1. Requires: from < text.size().
  std::size_t word_length(std::string_view text, std::size_t from) const;

 private:
  struct Code;
  std::unique_ptr<Code> code_;
};

}  // namespace crossover::model
