#include <array>

#include "model/tokenizer/tokenizer.h"

namespace crossover::model {
namespace {

constexpr std::string_view visible_space = "\xE2\x96\x81";  // U+2581

class SentencePiece : public TextEncoder {
 public:
  SentencePiece(const GgufFile& file, const Vocabulary& vocabulary)
      : vocabulary_(vocabulary),
        adds_space_(file.find_as<bool>("tokenizer.ggml.add_space_prefix").value_or(true)) {
    if (!vocabulary.has_scores()) {
      throw GgufError(fmt::format("{}: has no key 'tokenizer.ggml.scores'", file.name()));
    }
    for (unsigned byte = 0; byte < bytes_.size(); ++byte) {
      auto id = vocabulary.find(fmt::format("<0x{:02X}>", byte));
      const char character = static_cast<char>(byte);
      if (!id) id = vocabulary.find({&character, 1});
      if (!id) id = vocabulary.unknown();
      if (!id) {
        throw GgufError(
            fmt::format("{}: the vocabulary has no token <0x{:02X}> for that byte, nor "
                        "one for what is unknown",
                        file.name(), byte));
      }
      bytes_[byte] = *id;
    }
  }

  void append(std::string_view text, TokenizerWorkspace& workspace) const override {
    write_visible(text, workspace.text);
    cut_into_characters(workspace);
    const std::string_view visible = workspace.text;
    merge_symbols(workspace.symbols, workspace.heap,
                  [&](const Symbol& left, const Symbol& right) -> std::optional<Merge> {
                    const std::uint32_t length = left.length + right.length;
                    const auto id = vocabulary_.find(visible.substr(left.begin, length));
                    if (!id) return std::nullopt;
                    return Merge{vocabulary_.score(*id), 0, 0, length, *id};
                  });
    for (const Symbol& symbol : workspace.symbols) {
      if (symbol.length == 0) continue;
      const std::string_view piece = visible.substr(symbol.begin, symbol.length);
      if (symbol.id >= 0) {
        workspace.ids.push_back(symbol.id);
        continue;
      }
      for (const char byte : piece) {
        workspace.ids.push_back(bytes_[static_cast<unsigned char>(byte)]);
      }
    }
  }

 private:
  void write_visible(std::string_view text, std::string& visible) const {
    visible.clear();
    if (adds_space_) visible += visible_space;
    for (const char character : text) {
      if (character == ' ') {
        visible += visible_space;
      } else {
        visible += character;
      }
    }
  }

  void cut_into_characters(TokenizerWorkspace& workspace) const {
    std::vector<Symbol>& symbols = workspace.symbols;
    symbols.clear();
    for (std::size_t at = 0; at < workspace.text.size();) {
      const std::string_view rest = std::string_view(workspace.text).substr(at);
      const std::size_t length = character_length(rest);
      const auto place = static_cast<std::int32_t>(symbols.size());
      const TokenId id = vocabulary_.find(rest.substr(0, length)).value_or(-1);
      symbols.push_back({static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(length),
                         place - 1, place + 1, id});
      at += length;
    }
    if (!symbols.empty()) symbols.back().next = -1;
  }

  const Vocabulary& vocabulary_;
  bool adds_space_;
  std::array<TokenId, 256> bytes_{};
};

}  // namespace

std::unique_ptr<TextEncoder> make_sentence_piece(const GgufFile& file,
                                                 const Vocabulary& vocabulary) {
  return std::make_unique<SentencePiece>(file, vocabulary);
}

}  // namespace crossover::model
