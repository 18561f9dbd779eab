// Sources: model/gguf/*.cpp model/tokenizer/*.cpp
// Any bytes as the file of a vocabulary, and then as a text: the file is refused with an error, or
// every text has ids of its vocabulary.

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>

#include "model/tokenizer/tokenizer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace crossover::model;
  try {
    const GgufFile file = GgufFile::parse(std::as_bytes(std::span(data, size)), "fuzz");
    const Tokenizer tokenizer(file);
    TokenizerWorkspace workspace;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    // The end of the file is its vocabulary, and so a text with tokens in it.
    for (const std::string_view part : {text, text.substr(size / 2), text.substr(size - 1)}) {
      for (const TokenId id : tokenizer.encode(part, workspace)) {
        if (id < 0 || id >= tokenizer.vocabulary().size()) throw std::logic_error("no token");
      }
    }
  } catch (const GgufError&) {
  }
  return 0;
}
