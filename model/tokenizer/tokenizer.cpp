#include "model/tokenizer/tokenizer.h"

namespace crossover::model {
namespace {

constexpr const char* model_key = "tokenizer.ggml.model";

std::unique_ptr<TextEncoder> make_encoder(const GgufFile& file, const Vocabulary& vocabulary) {
  const auto name = file.get<std::string_view>(model_key);
  if (name == "llama") return make_sentence_piece(file, vocabulary);
  if (name == "gpt2") return make_byte_bpe(file, vocabulary);
  file.fail(file.find(model_key)->offset(),
            fmt::format("the tokenizer {} is not supported; expected 'llama' (SentencePiece) or "
                        "'gpt2' (byte-level BPE)",
                        in_quotes(name)));
}

/// Whether a special token is added: what the file says, and then it must have it.
bool adds(const GgufFile& file, const char* key, bool usual, std::optional<TokenId> token) {
  const auto stated = file.find_as<bool>(key);
  if (stated && *stated && !token) {
    file.fail(file.find(key)->offset(),
              fmt::format("key '{}' is true, but the vocabulary has no such token", key));
  }
  return token && stated.value_or(usual);
}

}  // namespace

Tokenizer::Tokenizer(const GgufFile& file)
    : vocabulary_(file), encoder_(make_encoder(file, vocabulary_)) {
  const bool sentence_piece = file.get<std::string_view>(model_key) == "llama";
  adds_beginning_ =
      adds(file, "tokenizer.ggml.add_bos_token", sentence_piece, vocabulary_.beginning());
  adds_end_ = adds(file, "tokenizer.ggml.add_eos_token", false, vocabulary_.end());
  for (const TokenId id : vocabulary_.user_defined()) {
    const auto first = static_cast<unsigned char>(vocabulary_.token(id).front());
    special_by_first_byte_[first].push_back(id);
  }
}

std::span<const TokenId> Tokenizer::encode(std::string_view text,
                                           TokenizerWorkspace& workspace) const {
  workspace.ids.clear();
  if (adds_beginning_) workspace.ids.push_back(*vocabulary_.beginning());
  append_all(text, workspace);
  if (adds_end_) workspace.ids.push_back(*vocabulary_.end());
  return workspace.ids;
}

std::optional<TokenId> Tokenizer::special_token_at(std::string_view text) const {
  for (const TokenId id : special_by_first_byte_[static_cast<unsigned char>(text[0])]) {
    if (text.starts_with(vocabulary_.token(id))) return id;
  }
  return std::nullopt;
}

void Tokenizer::append_all(std::string_view text, TokenizerWorkspace& workspace) const {
  std::size_t begin = 0;
  for (std::size_t at = 0; at < text.size();) {
    const auto special = special_token_at(text.substr(at));
    if (!special) {
      ++at;
      continue;
    }
    if (at > begin) encoder_->append(text.substr(begin, at - begin), workspace);
    workspace.ids.push_back(*special);
    at += vocabulary_.token(*special).size();
    begin = at;
  }
  if (begin < text.size()) encoder_->append(text.substr(begin), workspace);
}

std::size_t character_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  const std::size_t length = lead < 0xC2   ? 1
                             : lead < 0xE0 ? 2
                             : lead < 0xF0 ? 3
                             : lead < 0xF5 ? 4
                                           : 1;
  if (length == 1 || text.size() < length) return 1;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80) return 1;
  }
  const unsigned second = byte(1);
  const bool overlong = (lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90);
  const bool surrogate = lead == 0xED && second >= 0xA0;
  const bool too_large = lead == 0xF4 && second >= 0x90;
  return overlong || surrogate || too_large ? 1 : length;
}

}  // namespace crossover::model
