#include "model/tokenizer/bpe_trainer.h"

#include <algorithm>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <map>
#include <rapidcheck.h>
#include <set>

#include "model/tokenizer/byte_alphabet.h"

namespace crossover::model {
namespace {

std::vector<std::string> learned(const BpeVocabulary& vocabulary) {
  return {vocabulary.tokens.begin() + 256, vocabulary.tokens.end()};
}

using Words = std::vector<std::string>;

std::pair<std::string, std::string> parts_of(const std::string& merge) {
  const std::size_t space = merge.find(' ');
  return {merge.substr(0, space), merge.substr(space + 1)};
}

/// Applies the merges to the bytes of a text, each wherever it can, the earliest first.
Words encoded(const BpeVocabulary& vocabulary, const std::string& text) {
  Words words;
  for (const char byte : text) words.emplace_back(byte_symbol(static_cast<std::uint8_t>(byte)));
  for (const std::string& merge : vocabulary.merges) {
    const auto [left, right] = parts_of(merge);
    for (std::size_t i = 0; i + 1 < words.size(); ++i) {
      if (words[i] != left || words[i + 1] != right) continue;
      words[i] += right;
      words.erase(words.begin() + static_cast<std::ptrdiff_t>(i) + 1);
    }
  }
  return words;
}

/// What must hold of every vocabulary.
std::string fault_of(const BpeVocabulary& vocabulary) {
  const std::set<std::string> tokens(vocabulary.tokens.begin(), vocabulary.tokens.end());
  if (tokens.size() != vocabulary.tokens.size()) return "a token is there twice";
  std::set<std::string> known(vocabulary.tokens.begin(), vocabulary.tokens.begin() + 256);
  std::set<std::string> merges;
  for (const std::string& merge : vocabulary.merges) {
    const auto [left, right] = parts_of(merge);
    if (!merges.insert(merge).second) return "a merge is there twice: " + merge;
    if (known.count(left) == 0 || known.count(right) == 0) return "made of the unknown: " + merge;
    known.insert(left + right);
  }
  return known == tokens ? "" : "tokens are not what merges make";
}

TEST(ByteAlphabet, IsThatOfGpt2) {
  EXPECT_EQ(byte_symbol('!'), "!");
  EXPECT_EQ(byte_symbol('~'), "~");
  EXPECT_EQ(byte_symbol(0), "\u0100");
  EXPECT_EQ(byte_symbol('\n'), "\u010A");
  EXPECT_EQ(byte_symbol(' '), "\u0120");
  EXPECT_EQ(byte_symbol(0x7F), "\u0121");
  EXPECT_EQ(byte_symbol(0xA0), "\u0142");
  EXPECT_EQ(byte_symbol(0xA1), "\u00A1");
  EXPECT_EQ(byte_symbol(0xAD), "\u0143");
  EXPECT_EQ(byte_symbol(0xFF), "\u00FF");
  std::set<std::string_view> symbols;
  for (unsigned byte = 0; byte < 256; ++byte) {
    symbols.insert(byte_symbol(static_cast<std::uint8_t>(byte)));
  }
  EXPECT_EQ(symbols.size(), 256U);
  EXPECT_EQ(byte_symbols(" a\xC3\xA9"), "\u0120a\u00C3\u00A9");
}

TEST(BpeTrainer, MergesTheMostFrequentPairFirst) {
  // "lo" and "ow" five times each (the older token first), then "low" and " low"; "er" and "est"
  // are too rare.
  const BpeVocabulary vocabulary = train_bpe("low low low lower lowest", 1000);
  EXPECT_EQ(vocabulary.merges, (Words{"l o", "lo w", "\u0120 low", "\u0120low e"}));
  EXPECT_EQ(learned(vocabulary), (Words{"lo", "low", "\u0120low", "\u0120lowe"}));
  EXPECT_EQ(vocabulary.tokens[' '], "\u0120");
}

TEST(BpeTrainer, StopsAtTheSizeThatIsAskedFor) {
  const BpeVocabulary vocabulary = train_bpe("low low low lower lowest", 258);
  EXPECT_EQ(learned(vocabulary), (Words{"lo", "low"}));
  EXPECT_TRUE(train_bpe("low low low", 256).merges.empty());
  EXPECT_TRUE(train_bpe("", 1000).merges.empty());
  EXPECT_EQ(train_bpe("", 1000).tokens.size(), 256U);
}

TEST(BpeTrainer, DoesNotReachOverPieces) {
  const BpeVocabulary vocabulary = train_bpe("ab12!? ab12!? ab12!? ab12!?", 1000);
  EXPECT_EQ(learned(vocabulary), (Words{"!?", "12", "ab", "\u0120ab"}));
  // Of two spaces the second belongs to the word.
  EXPECT_EQ(learned(train_bpe("a  b  b  b", 1000)), (Words{"\u0120b"}));
}

TEST(BpeTrainer, CountsRunsOfOneByte) {
  const BpeVocabulary vocabulary = train_bpe("aaaa", 1000);
  EXPECT_EQ(learned(vocabulary), (Words{"aa"}));  // three pairs of a, then one of aa
}

TEST(BpeTrainer, GivesSoundVocabulariesForAnyText) {
  EXPECT_TRUE(rc::check([] {
    const auto characters =
        *rc::gen::container<std::string>(rc::gen::element('a', 'b', 'c', ' ', '1'));
    const auto repeats = *rc::gen::inRange(1, 4);
    std::string text;
    for (int i = 0; i < repeats; ++i) text += characters;
    const std::size_t most = *rc::gen::inRange<std::size_t>(256, 300);
    const BpeVocabulary vocabulary = train_bpe(text, most);
    RC_ASSERT(fault_of(vocabulary) == "");
    RC_ASSERT(vocabulary.tokens.size() <= most);
    RC_ASSERT(train_bpe(text, most).merges == vocabulary.merges);
    std::string joined;
    for (const std::string& word : encoded(vocabulary, text)) joined += word;
    RC_ASSERT(joined == byte_symbols(text));
  }));
}

TEST(BpeTrainer, BytesOfAnyKindAreText) {
  std::string text;
  for (int i = 0; i < 4096; ++i) text += static_cast<char>(i * i / 7);
  EXPECT_EQ(fault_of(train_bpe(text + text, 2000)), "");
}

TEST(BpeTrainer, AWordThatIsLongerThanAPieceIsCut) {
  const BpeVocabulary vocabulary = train_bpe(std::string(100'000, 'a'), 1000);
  std::size_t longest = 0;
  for (const std::string& token : vocabulary.tokens) longest = std::max(longest, token.size());
  EXPECT_EQ(longest, 256U);
}

TEST(BpeTrainer, LearnsTheWordsOfTheTextsOfTheProject) {
  std::ifstream file(CROSSOVER_SOURCE_ROOT "/experiments/texts.txt");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const BpeVocabulary vocabulary = train_bpe(text, 262'140);
  EXPECT_EQ(fault_of(vocabulary), "");
  EXPECT_EQ(std::count(vocabulary.tokens.begin(), vocabulary.tokens.end(), "\u0120machine"), 1);
  // About a token a word, so that short, medium and long texts have their lengths.
  EXPECT_LE(encoded(vocabulary, "The kettle is warm.").size(), 10U);
  EXPECT_LE(encoded(vocabulary, " the work in between is small").size(), 8U);
}

}  // namespace
}  // namespace crossover::model
