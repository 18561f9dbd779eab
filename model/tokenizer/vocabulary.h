#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "kernels/core/token_ids.h"
#include "model/gguf/gguf_file.h"

namespace crossover::model {

using kernels::TokenId;

/// The numbers that GGUF files use.
enum class TokenType : std::int32_t {
  normal = 1,
  unknown = 2,
  control = 3,       // never in a text: beginning, end, padding
  user_defined = 4,  // found in a text as it stands, before anything else
  unused = 5,
  byte = 6,  // "<0x0A>"
};

/// The tokens of a model, which refer to its file and live as long as that.
class Vocabulary {
 public:
  /// Throws GgufError: no tokens, two of the same text, types or scores of another length, an
  /// unknown type, a special token that is none of them.
  explicit Vocabulary(const GgufFile& file);

  TokenId size() const { return static_cast<TokenId>(tokens_.size()); }
  std::string_view token(TokenId id) const { return tokens_[static_cast<std::size_t>(id)]; }
  TokenType type(TokenId id) const {
    return types_.empty() ? TokenType::normal : types_[static_cast<std::size_t>(id)];
  }
  /// The higher, the earlier a pair is merged into this token; 0 where the file has none.
  float score(TokenId id) const {
    return scores_.empty() ? 0 : scores_[static_cast<std::size_t>(id)];
  }
  bool has_scores() const { return !scores_.empty(); }
  std::optional<TokenId> find(std::string_view token) const;

  std::optional<TokenId> beginning() const { return beginning_; }
  std::optional<TokenId> end() const { return end_; }
  std::optional<TokenId> unknown() const { return unknown_; }

  /// Longest first.
  const std::vector<TokenId>& user_defined() const { return user_defined_; }

 private:
  void read_types(const GgufFile& file);
  void read_scores(const GgufFile& file);

  std::vector<std::string_view> tokens_;
  std::vector<TokenType> types_;
  std::vector<float> scores_;
  std::unordered_map<std::string_view, TokenId> ids_;
  std::optional<TokenId> beginning_;
  std::optional<TokenId> end_;
  std::optional<TokenId> unknown_;
  std::vector<TokenId> user_defined_;
};

}  // namespace crossover::model
