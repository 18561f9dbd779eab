#pragma once

#include <memory>
#include <string>
#include <vector>

#include "model/gguf/gguf_file.h"
#include "model/gguf/gguf_header.h"
#include "model/tokenizer/byte_alphabet.h"
#include "model/tokenizer/vocabulary.h"

namespace crossover::model::test {

/// A GGUF file with a vocabulary and nothing else, in memory.
class VocabularyFile {
 public:
  VocabularyFile(const std::string& model, const std::string& pre) {
    header_.set("tokenizer.ggml.model", model);
    header_.set("tokenizer.ggml.pre", pre);
  }

  VocabularyFile& add(const std::string& token, float score = 0,
                      TokenType type = TokenType::normal) {
    tokens_.push_back(token);
    scores_.push_back(score);
    types_.push_back(static_cast<std::int32_t>(type));
    return *this;
  }

  /// The 256 symbols of byte-level vocabularies.
  VocabularyFile& with_bytes() {
    for (unsigned byte = 0; byte < 256; ++byte) {
      add(std::string(byte_symbol(static_cast<std::uint8_t>(byte))));
    }
    return *this;
  }

  VocabularyFile& merge(const std::string& pair) {
    merges_.push_back(pair);
    return *this;
  }

  VocabularyFile& with_scores() {
    has_scores_ = true;
    return *this;
  }

  GgufHeader& header() { return header_; }

  /// Refers to this.
  GgufFile parse() {
    header_.set("tokenizer.ggml.tokens", tokens_);
    header_.set("tokenizer.ggml.token_type", types_);
    if (has_scores_) header_.set("tokenizer.ggml.scores", scores_);
    if (!merges_.empty()) header_.set("tokenizer.ggml.merges", merges_);
    bytes_ = std::make_shared<std::vector<std::byte>>(header_.encoded());
    kept().push_back(bytes_);
    return GgufFile::parse(*bytes_, "vocabulary.gguf");
  }

 private:
  /// Files outlive the objects that they were made by, so that these can be temporaries.
  static std::vector<std::shared_ptr<std::vector<std::byte>>>& kept() {
    static std::vector<std::shared_ptr<std::vector<std::byte>>> files;
    return files;
  }

  GgufHeader header_;
  std::vector<std::string> tokens_;
  std::vector<float> scores_;
  std::vector<std::int32_t> types_;
  std::vector<std::string> merges_;
  bool has_scores_ = false;
  std::shared_ptr<std::vector<std::byte>> bytes_;
};

/// Byte-level BPE with one merge.
inline VocabularyFile byte_bpe_file() {
  VocabularyFile file("gpt2", "gpt-2");
  return file.with_bytes().add("th").merge("t h");
}

/// SentencePiece with a few letters, the 256 bytes, and no space before a text.
inline VocabularyFile sentence_piece_file() {
  VocabularyFile file("llama", "default");
  file.with_scores().header().set("tokenizer.ggml.add_space_prefix", false);
  for (unsigned byte = 0; byte < 256; ++byte) {
    file.add(fmt::format("<0x{:02X}>", byte), 0, TokenType::byte);
  }
  return file.add("a", -10).add("b", -11).add("c", -12);
}

}  // namespace crossover::model::test
