#include "model/tokenizer/bpe_trainer.h"

#include <cstdint>
#include <map>
#include <queue>
#include <set>
#include <unordered_map>
#include <utility>

#include "model/tokenizer/byte_alphabet.h"

namespace crossover::model {
namespace {

using TokenId = std::uint32_t;

enum class Kind { space, letter, digit, other };

Kind kind_of(char character) {
  const auto byte = static_cast<unsigned char>(character);
  if (byte == ' ' || (byte >= '\t' && byte <= '\r')) return Kind::space;
  const unsigned lower = byte | 0x20U;
  if (byte >= 0x80 || (lower >= 'a' && lower <= 'z')) return Kind::letter;
  return byte >= '0' && byte <= '9' ? Kind::digit : Kind::other;
}

/// The bytes of the piece that the text begins with.
std::size_t piece_length(std::string_view text) {
  constexpr std::size_t most = 256;
  // One space belongs to what follows it.
  const bool leads = text.size() > 1 && text[0] == ' ' && kind_of(text[1]) != Kind::space;
  const Kind kind = kind_of(text[leads ? 1 : 0]);
  std::size_t length = leads ? 2 : 1;
  while (length < text.size() && length < most && kind_of(text[length]) == kind) ++length;
  // The last of several spaces, too.
  const bool gives_back = kind == Kind::space && length > 1 && length < text.size() &&
                          text[length - 1] == ' ' && kind_of(text[length]) != Kind::space;
  return length - (gives_back ? 1 : 0);
}

struct Piece {
  std::vector<TokenId> tokens;
  std::int64_t occurrences = 0;
};

struct Pair {
  TokenId left;
  TokenId right;
  auto operator<=>(const Pair&) const = default;
};

struct Candidate {
  std::int64_t occurrences;
  Pair pair;
  bool operator<(const Candidate& other) const {
    if (occurrences != other.occurrences) return occurrences < other.occurrences;
    return pair > other.pair;
  }
};

class Trainer {
 public:
  Trainer(std::string_view text, std::size_t most_tokens) : most_tokens_(most_tokens) {
    for (unsigned byte = 0; byte < 256; ++byte) {
      add_token(std::string(byte_symbol(static_cast<std::uint8_t>(byte))));
    }
    std::map<std::string_view, std::int64_t> distinct;
    while (!text.empty()) {
      const std::size_t length = piece_length(text);
      ++distinct[text.substr(0, length)];
      text.remove_prefix(length);
    }
    for (const auto& [piece, occurrences] : distinct) {
      std::vector<TokenId> bytes;
      for (const char byte : piece) bytes.push_back(static_cast<unsigned char>(byte));
      pieces_.push_back({std::move(bytes), occurrences});
    }
  }

  BpeVocabulary train() {
    for (std::size_t i = 0; i < pieces_.size(); ++i) count(i, +1);
    while (vocabulary_.tokens.size() < most_tokens_ && !candidates_.empty()) {
      const Candidate best = candidates_.top();
      candidates_.pop();
      // Counts change after they were queued; the present one was queued, too.
      if (pairs_[best.pair].occurrences != best.occurrences) continue;
      if (best.occurrences < 2) break;
      merge(best.pair);
    }
    return std::move(vocabulary_);
  }

 private:
  struct PairFacts {
    std::int64_t occurrences = 0;
    std::set<std::size_t> pieces;  // that held it once, possibly no longer
  };

  /// The id of that text, which two different merges may make.
  TokenId add_token(const std::string& text) {
    const auto [found, added] =
        ids_.try_emplace(text, static_cast<TokenId>(vocabulary_.tokens.size()));
    if (added) vocabulary_.tokens.push_back(text);
    return found->second;
  }

  /// Adds the pairs of a piece to the counts, or takes them away.
  void count(std::size_t piece, std::int64_t sign) {
    const std::vector<TokenId>& tokens = pieces_[piece].tokens;
    for (std::size_t i = 1; i < tokens.size(); ++i) {
      const Pair pair{tokens[i - 1], tokens[i]};
      PairFacts& facts = pairs_[pair];
      facts.occurrences += sign * pieces_[piece].occurrences;
      if (sign > 0) facts.pieces.insert(piece);
      candidates_.push({facts.occurrences, pair});
    }
  }

  void merge(Pair pair) {
    const std::string left = vocabulary_.tokens[pair.left];
    const std::string right = vocabulary_.tokens[pair.right];
    const TokenId merged = add_token(left + right);
    // A pair comes back where another merge makes one of its tokens, too.
    if (merged_.insert(pair).second) vocabulary_.merges.push_back(left + " " + right);
    for (const std::size_t piece : std::exchange(pairs_[pair].pieces, {})) {
      count(piece, -1);
      replace(pieces_[piece].tokens, pair, merged);
      count(piece, +1);
    }
  }

  static void replace(std::vector<TokenId>& tokens, Pair pair, TokenId merged) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      const bool found = i + 1 < tokens.size() && Pair{tokens[i], tokens[i + 1]} == pair;
      tokens[kept++] = found ? merged : tokens[i];
      i += found ? 1 : 0;
    }
    tokens.resize(kept);
  }

  std::size_t most_tokens_;
  BpeVocabulary vocabulary_;
  std::unordered_map<std::string, TokenId> ids_;
  std::vector<Piece> pieces_;
  std::map<Pair, PairFacts> pairs_;
  std::set<Pair> merged_;
  std::priority_queue<Candidate> candidates_;
};

}  // namespace

BpeVocabulary train_bpe(std::string_view text, std::size_t most_tokens) {
  return Trainer(text, most_tokens).train();
}

}  // namespace crossover::model
