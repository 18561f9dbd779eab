#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/tokenizer/tokenizer.h"

namespace crossover::model {

/// Remembers the ids of the texts that were asked for last (LRU). For one thread.
class TokenCache {
 public:
  /// Keeps at most `capacity` texts, which is at least 1. The tokenizer outlives this.
  TokenCache(const Tokenizer& tokenizer, std::size_t capacity);

  /// As Tokenizer::encode(); valid until the next call.
  std::span<const TokenId> encode(std::string_view text);

  std::uint64_t hits() const { return hits_; }
  std::uint64_t misses() const { return misses_; }

 private:
  struct Known {
    std::string text;
    std::vector<TokenId> ids;
  };

  const Tokenizer& tokenizer_;
  std::size_t capacity_;
  TokenizerWorkspace workspace_;
  std::list<Known> known_;  // used last first
  std::unordered_map<std::string_view, std::list<Known>::iterator> places_;
  std::uint64_t hits_ = 0;
  std::uint64_t misses_ = 0;
};

}  // namespace crossover::model
