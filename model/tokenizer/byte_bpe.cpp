#include <array>
#include <unordered_map>

#include "model/tokenizer/byte_alphabet.h"
#include "model/tokenizer/tokenizer.h"
#include "model/tokenizer/words.h"

namespace crossover::model {
namespace {

struct PreTokenizer {
  std::string_view name;
  const char* pattern;
};

// Source: GPT-2's encoder (Radford et al., 2019).
constexpr std::array<PreTokenizer, 1> pre_tokenizers{{
    {"gpt-2", R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)"},
}};

const char* pattern_of(const GgufFile& file) {
  constexpr const char* key = "tokenizer.ggml.pre";
  const auto name = file.get<std::string_view>(key);
  for (const PreTokenizer& known : pre_tokenizers) {
    if (known.name == name) return known.pattern;
  }
  file.fail(
      file.find(key)->offset(),
      fmt::format("the pre-tokenizer {} is not supported; expected 'gpt-2'", in_quotes(name)));
}

/// Both tokens of a pair in one number.
std::uint64_t pair_key(TokenId left, TokenId right) {
  return static_cast<std::uint64_t>(left) << 32 | static_cast<std::uint32_t>(right);
}

struct MergeRule {
  float rank;  // from 0 down: exact to 2^24, more than any vocabulary has
  TokenId merged;
};

class ByteBpe : public TextEncoder {
 public:
  ByteBpe(const GgufFile& file, const Vocabulary& vocabulary) : words_(pattern_of(file)) {
    for (unsigned byte = 0; byte < bytes_.size(); ++byte) {
      const std::string_view symbol = byte_symbol(static_cast<std::uint8_t>(byte));
      const auto id = vocabulary.find(symbol);
      if (!id) {
        throw GgufError(fmt::format("{}: the vocabulary has no token {} for the byte {}",
                                    file.name(), in_quotes(symbol), byte));
      }
      bytes_[byte] = *id;
    }
    read_merges(file, vocabulary);
  }

  void append(std::string_view text, TokenizerWorkspace& workspace) const override {
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t length = words_.word_length(text, at);
      append_word(text.substr(at, length), workspace);
      at += length;
    }
  }

 private:
  void read_merges(const GgufFile& file, const Vocabulary& vocabulary) {
    constexpr const char* key = "tokenizer.ggml.merges";
    const Value* const value = file.find(key);
    if (value == nullptr) {
      throw GgufError(fmt::format("{}: the vocabulary has no merges (key '{}')", file.name(), key));
    }
    const auto merges = file.get<std::vector<std::string_view>>(key);
    rules_.reserve(merges.size());
    for (std::size_t rank = 0; rank < merges.size(); ++rank) {
      const std::string_view merge = merges[rank];
      const std::size_t space = merge.find(' ', 1);
      const std::string_view left = merge.substr(0, space);
      const std::string_view right =
          space == std::string_view::npos ? std::string_view() : merge.substr(space + 1);
      const auto left_id = vocabulary.find(left);
      const auto right_id = vocabulary.find(right);
      const auto merged = vocabulary.find(std::string(left) + std::string(right));
      if (!left_id || !right_id || !merged) {
        file.fail(value->offset(),
                  fmt::format("merge {} is {}; expected two tokens that are a token together, with "
                              "a space between",
                              rank, in_quotes(merge)));
      }
      // A pair that stands there twice has the rank of the first.
      rules_.emplace(pair_key(*left_id, *right_id), MergeRule{-static_cast<float>(rank), *merged});
    }
  }

  void append_word(std::string_view word, TokenizerWorkspace& workspace) const {
    std::vector<Symbol>& symbols = workspace.symbols;
    symbols.clear();
    for (const char byte : word) {
      const auto place = static_cast<std::int32_t>(symbols.size());
      symbols.push_back({static_cast<std::uint32_t>(place), 1, place - 1, place + 1,
                         bytes_[static_cast<unsigned char>(byte)]});
    }
    symbols.back().next = -1;
    merge_symbols(
        symbols, workspace.heap,
        [&](const Symbol& left, const Symbol& right) -> std::optional<Merge> {
          const auto rule = rules_.find(pair_key(left.id, right.id));
          if (rule == rules_.end()) return std::nullopt;
          return Merge{rule->second.rank, 0, 0, left.length + right.length, rule->second.merged};
        });
    for (const Symbol& symbol : symbols) {
      if (symbol.length > 0) workspace.ids.push_back(symbol.id);
    }
  }

  WordPattern words_;
  std::array<TokenId, 256> bytes_{};
  std::unordered_map<std::uint64_t, MergeRule> rules_;
};

}  // namespace

std::unique_ptr<TextEncoder> make_byte_bpe(const GgufFile& file, const Vocabulary& vocabulary) {
  return std::make_unique<ByteBpe>(file, vocabulary);
}

}  // namespace crossover::model
