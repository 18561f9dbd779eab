#include "model/tokenizer/vocabulary.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace crossover::model {
namespace {

constexpr const char* tokens_key = "tokenizer.ggml.tokens";
constexpr const char* types_key = "tokenizer.ggml.token_type";
constexpr const char* scores_key = "tokenizer.ggml.scores";

/// One entry per token.
void check_length(const GgufFile& file, const char* key, std::size_t length, std::size_t tokens) {
  if (length == tokens) return;
  file.fail(file.find(key)->offset(),
            fmt::format("key '{}' has {} elements; expected {}, one for each token", key, length,
                        tokens));
}

std::optional<TokenId> special_token(const GgufFile& file, const char* key, std::size_t tokens) {
  const auto id = file.find_as<std::uint64_t>(key);
  if (!id) return std::nullopt;
  // What a vocabulary without such a token is given.
  if (*id == std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
  if (*id >= tokens) {
    file.fail(file.find(key)->offset(),
              fmt::format("key '{}' is {}; expected a token below {}", key, *id, tokens));
  }
  return static_cast<TokenId>(*id);
}

}  // namespace

Vocabulary::Vocabulary(const GgufFile& file)
    : tokens_(file.get<std::vector<std::string_view>>(tokens_key)) {
  const std::uint64_t offset = file.find(tokens_key)->offset();
  if (tokens_.empty()) file.fail(offset, "the vocabulary has no tokens");
  if (tokens_.size() > static_cast<std::size_t>(std::numeric_limits<TokenId>::max())) {
    file.fail(offset, fmt::format("{} tokens; expected less than 2^31", tokens_.size()));
  }
  ids_.reserve(tokens_.size());
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    const auto [place, is_new] = ids_.emplace(tokens_[i], static_cast<TokenId>(i));
    if (!is_new) {
      file.fail(offset, fmt::format("tokens {} and {} are both {}", place->second, i,
                                    in_quotes(tokens_[i])));
    }
  }
  read_types(file);
  read_scores(file);
  beginning_ = special_token(file, "tokenizer.ggml.bos_token_id", tokens_.size());
  end_ = special_token(file, "tokenizer.ggml.eos_token_id", tokens_.size());
  unknown_ = special_token(file, "tokenizer.ggml.unknown_token_id", tokens_.size());
}

void Vocabulary::read_types(const GgufFile& file) {
  const auto types = file.find_as<std::vector<std::int64_t>>(types_key);
  if (!types) return;
  check_length(file, types_key, types->size(), tokens_.size());
  types_.reserve(types->size());
  for (std::size_t i = 0; i < types->size(); ++i) {
    const std::int64_t type = (*types)[i];
    if (type < 1 || type > 6) {
      file.fail(file.find(types_key)->offset(),
                fmt::format("token {} has the type {}; expected 1 to 6", i, type));
    }
    types_.push_back(static_cast<TokenType>(type));
    if (types_.back() == TokenType::user_defined && !tokens_[i].empty()) {
      user_defined_.push_back(static_cast<TokenId>(i));
    }
  }
  std::stable_sort(user_defined_.begin(), user_defined_.end(),
                   [&](TokenId a, TokenId b) { return token(a).size() > token(b).size(); });
}

void Vocabulary::read_scores(const GgufFile& file) {
  const auto scores = file.find_as<std::vector<double>>(scores_key);
  if (!scores) return;
  check_length(file, scores_key, scores->size(), tokens_.size());
  for (std::size_t i = 0; i < scores->size(); ++i) {
    const auto score = static_cast<float>((*scores)[i]);
    if (!std::isfinite(score)) {
      file.fail(file.find(scores_key)->offset(),
                fmt::format("the score of token {} is {}; expected a number", i, score));
    }
    scores_.push_back(score);
  }
}

std::optional<TokenId> Vocabulary::find(std::string_view token) const {
  const auto found = ids_.find(token);
  return found == ids_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace crossover::model
