#include "model/tokenizer/token_cache.h"

#include <cassert>

namespace crossover::model {

TokenCache::TokenCache(const Tokenizer& tokenizer, std::size_t capacity)
    : tokenizer_(tokenizer), capacity_(capacity) {
  assert(capacity > 0);
  places_.reserve(capacity);
}

std::span<const TokenId> TokenCache::encode(std::string_view text) {
  if (const auto found = places_.find(text); found != places_.end()) {
    ++hits_;
    known_.splice(known_.begin(), known_, found->second);
    return known_.front().ids;
  }
  ++misses_;
  const std::span<const TokenId> ids = tokenizer_.encode(text, workspace_);
  if (known_.size() == capacity_) {
    // The oldest entry's memory is used again.
    places_.erase(known_.back().text);
    known_.splice(known_.begin(), known_, std::prev(known_.end()));
  } else {
    known_.emplace_front();
  }
  known_.front().text.assign(text);
  known_.front().ids.assign(ids.begin(), ids.end());
  places_.emplace(known_.front().text, known_.begin());
  return known_.front().ids;
}

}  // namespace crossover::model
