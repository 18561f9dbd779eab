#pragma once

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/gguf/gguf_file.h"
#include "model/tokenizer/symbols.h"
#include "model/tokenizer/vocabulary.h"

namespace crossover::model {

/// Memory that tokenising works in. It grows to what the longest text needs; from then on nothing
/// is allocated. One per thread.
struct TokenizerWorkspace {
  std::string text;
  std::vector<Symbol> symbols;
  std::vector<Merge> heap;
  std::vector<TokenId> ids;
};

/// Turns a stretch of text without special tokens into ids.
class TextEncoder {
 public:
  virtual ~TextEncoder() = default;
  /// Appends the tokens of `text` to workspace.ids: all of a text, or what stands before, between
  /// or after special tokens.
  virtual void append(std::string_view text, TokenizerWorkspace& workspace) const = 0;
};

/// Text to token ids as the model's metadata says: SentencePiece ("llama") or byte-level BPE
/// ("gpt2"), with its special tokens. Thread-safe; refers to the file and lives as long as that.
class Tokenizer {
 public:
  /// Throws GgufError: no or a damaged vocabulary; a tokenizer or pre-tokenizer that is not
  /// supported, with its name.
  explicit Tokenizer(const GgufFile& file);

  const Vocabulary& vocabulary() const { return vocabulary_; }

  /// The ids of any bytes, UTF-8 or not: what is not UTF-8 becomes tokens of single bytes. With the
  /// beginning and the end where the model wants them; without either an empty text has no tokens.
  /// Of user-defined tokens the leftmost is taken, and of several there the longest.
  /// Valid until the workspace is used again. Texts have less than 2^31 bytes.
  std::span<const TokenId> encode(std::string_view text, TokenizerWorkspace& workspace) const;

 private:
  std::optional<TokenId> special_token_at(std::string_view text) const;
  void append_all(std::string_view text, TokenizerWorkspace& workspace) const;

  Vocabulary vocabulary_;
  std::unique_ptr<TextEncoder> encoder_;
  std::array<std::vector<TokenId>, 256> special_by_first_byte_;  // each longest first
  bool adds_beginning_ = false;
  bool adds_end_ = false;
};

/// Bytes of the UTF-8 character that the text begins with; 1 where it begins with none. Overlong
/// forms, surrogates and what lies beyond U+10FFFF are no characters. Requires: not empty.
std::size_t character_length(std::string_view text);

/// SentencePiece: neighbours that are a token together are merged by score; what is left and is no
/// token becomes bytes. Throws GgufError where the vocabulary has no scores.
/// Source: Kudo & Richardson, EMNLP 2018.
std::unique_ptr<TextEncoder> make_sentence_piece(const GgufFile& file,
                                                 const Vocabulary& vocabulary);

/// Byte-level BPE: the text is cut into words by the pre-tokenizer, and within each pairs of tokens
/// are merged in the order of the file's merges. Throws GgufError: no merges, a merge of or to what
/// is no token, a byte without a token, a pre-tokenizer that is not supported.
/// Source: Sennrich, Haddow & Birch, ACL 2016; Radford et al., 2019 (GPT-2).
std::unique_ptr<TextEncoder> make_byte_bpe(const GgufFile& file, const Vocabulary& vocabulary);

}  // namespace crossover::model
