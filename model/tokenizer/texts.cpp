#include "model/tokenizer/texts.h"

#include <fmt/format.h>
#include <fstream>

namespace crossover::model {

std::vector<std::string> read_texts(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file || std::filesystem::is_directory(path)) {
    throw TextError(
        fmt::format("{}: cannot be read; expected a file with one text per line", path.string()));
  }
  std::vector<std::string> texts;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    texts.push_back(line);
  }
  if (texts.empty()) {
    throw TextError(fmt::format("{}: is empty; expected one text per line", path.string()));
  }
  return texts;
}

TokenisedTexts tokenise(const Tokenizer& tokenizer, const std::vector<std::string>& texts,
                        std::size_t most, TooLong too_long, const std::string& file) {
  TokenisedTexts result;
  TokenizerWorkspace workspace;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    std::span<const TokenId> ids = tokenizer.encode(texts[i], workspace);
    if (ids.empty()) {
      throw TextError(
          fmt::format("{}:{}: the text has no tokens; expected at least one", file, i + 1));
    }
    if (ids.size() > most) {
      if (too_long == TooLong::error) {
        throw TextError(
            fmt::format("{}:{}: the text has {} tokens; expected at most {}, or "
                        "--truncate, which cuts it",
                        file, i + 1, ids.size(), most));
      }
      ids = ids.first(most);
      ++result.truncated;
    }
    result.ids.emplace_back(ids.begin(), ids.end());
  }
  return result;
}

}  // namespace crossover::model
