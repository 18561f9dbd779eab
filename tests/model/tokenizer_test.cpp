#include "model/tokenizer/tokenizer.h"

#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <random>
#include <sstream>

#include "model/tokenizer/byte_alphabet.h"
#include "model/tokenizer/texts.h"
#include "model/tokenizer/token_cache.h"
#include "tests/model/shared_files.h"
#include "tests/model/vocabulary_file.h"

namespace crossover::model::test {
namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

using Ids = std::vector<TokenId>;

std::string content(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

Ids ids_of(const Tokenizer& tokenizer, std::string_view text) {
  TokenizerWorkspace workspace;
  const std::span<const TokenId> ids = tokenizer.encode(text, workspace);
  return {ids.begin(), ids.end()};
}

template <class Make>
std::string error_of(const Make& make) {
  try {
    make();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "no error";
}

/// The texts and ids that come with a vocabulary, without special tokens.
void expect_listed_ids(const char* name) {
  const std::filesystem::path path = shared_folder() / "vocab" / name;
  if (shared_folder().empty() || !std::filesystem::exists(path)) GTEST_SKIP() << no_shared_files;
  const GgufFile file = GgufFile::open(path);
  const Tokenizer tokenizer(file);
  const std::string separator = "\n__ggml_vocab_test__\n";
  std::string texts = content(path.string() + ".inp");
  std::istringstream answers(content(path.string() + ".out"));
  int compared = 0;
  for (std::size_t at = 0; at < texts.size(); ++compared) {
    const std::size_t end = texts.find(separator, at);
    ASSERT_NE(end, std::string::npos);
    const std::string text = texts.substr(at, end - at);
    at = end + separator.size();
    std::string line;
    ASSERT_TRUE(std::getline(answers, line));
    std::istringstream numbers(line);
    Ids expected{std::istream_iterator<TokenId>(numbers), {}};
    Ids ids = ids_of(tokenizer, text);
    if (!ids.empty() && file.find_as<bool>("tokenizer.ggml.add_bos_token").value_or(false)) {
      ids.erase(ids.begin());
    }
    EXPECT_EQ(ids, expected) << in_quotes(text);
  }
  EXPECT_GT(compared, 40);
}

TEST(Tokenizer, SentencePieceGivesTheListedIds) { expect_listed_ids("ggml-vocab-llama-spm.gguf"); }

TEST(Tokenizer, ByteLevelBpeGivesTheListedIds) { expect_listed_ids("ggml-vocab-gpt-2.gguf"); }

TEST(Tokenizer, MergesTheBestPairFirstAndTheLeftmostOfEqualOnes) {
  VocabularyFile vocabulary = sentence_piece_file();
  vocabulary.add("ab", -1).add("bc", -0.5F).add("aa", -2).add("abc", -3);
  const auto file = vocabulary.parse();
  const Tokenizer tokenizer(file);
  const TokenId a = *tokenizer.vocabulary().find("a");
  const TokenId aa = *tokenizer.vocabulary().find("aa");
  const TokenId abc = *tokenizer.vocabulary().find("abc");
  EXPECT_EQ(ids_of(tokenizer, "abc"), Ids{abc});  // b c first, then a bc
  EXPECT_EQ(ids_of(tokenizer, "aaa"), (Ids{aa, a}));
}

TEST(Tokenizer, WhatIsNoTokenBecomesBytes) {
  const auto file = sentence_piece_file().parse();
  const Tokenizer tokenizer(file);
  const auto byte = [&](unsigned value) {
    return *tokenizer.vocabulary().find(fmt::format("<0x{:02X}>", value));
  };
  EXPECT_EQ(ids_of(tokenizer, "\xC3\xA4"), (Ids{byte(0xC3), byte(0xA4)}));
  // No UTF-8: a lone continuation, a cut character, an overlong form, a surrogate.
  EXPECT_EQ(ids_of(tokenizer, "\x80"), Ids{byte(0x80)});
  EXPECT_EQ(ids_of(tokenizer, "\xE2\x96"), (Ids{byte(0xE2), byte(0x96)}));
  EXPECT_EQ(ids_of(tokenizer, "\xC0\xA4"), (Ids{byte(0xC0), byte(0xA4)}));
  EXPECT_EQ(ids_of(tokenizer, "\xED\xA0\x80"), (Ids{byte(0xED), byte(0xA0), byte(0x80)}));
}

TEST(Tokenizer, ByteLevelBpeKeepsEveryByte) {
  const auto file = byte_bpe_file().parse();
  const Tokenizer tokenizer(file);
  std::mt19937 random(5);
  for (int repetition = 0; repetition < 200; ++repetition) {
    std::string text(random() % 40, '\0');
    for (char& byte : text) byte = static_cast<char>(random() % 256);
    std::string symbols;
    for (const TokenId id : ids_of(tokenizer, text)) symbols += tokenizer.vocabulary().token(id);
    EXPECT_EQ(symbols, byte_symbols(text)) << in_quotes(text);
  }
}

TEST(Tokenizer, FindsTheLeftmostLongestSpecialToken) {
  VocabularyFile vocabulary = byte_bpe_file();
  vocabulary.add("<x>", 0, TokenType::user_defined).add("<x><y>", 0, TokenType::user_defined);
  vocabulary.add("<control>", 0, TokenType::control);
  const auto file = vocabulary.parse();
  const Tokenizer tokenizer(file);
  const TokenId x = *tokenizer.vocabulary().find("<x>");
  const TokenId xy = *tokenizer.vocabulary().find("<x><y>");
  const TokenId a = *tokenizer.vocabulary().find("a");
  EXPECT_EQ(ids_of(tokenizer, "a<x><x><y>a"), (Ids{a, x, xy, a}));
  EXPECT_EQ(ids_of(tokenizer, "<control>").size(), 9U);  // is text like any other
}

TEST(Tokenizer, AddsWhatTheModelWants) {
  VocabularyFile vocabulary = byte_bpe_file();
  vocabulary.header().set("tokenizer.ggml.bos_token_id", std::uint32_t{7});
  vocabulary.header().set("tokenizer.ggml.add_bos_token", true);
  vocabulary.header().set("tokenizer.ggml.eos_token_id", std::uint32_t{8});
  vocabulary.header().set("tokenizer.ggml.add_eos_token", true);
  const auto file = vocabulary.parse();
  EXPECT_EQ(ids_of(Tokenizer(file), ""), (Ids{7, 8}));
}

TEST(Tokenizer, AnEmptyTextHasNoTokensOfItsOwn) {
  const auto file = byte_bpe_file().parse();
  EXPECT_TRUE(ids_of(Tokenizer(file), "").empty());
}

TEST(Tokenizer, SaysWhatItDoesNotSupport) {
  const auto fault = [](VocabularyFile vocabulary) {
    const auto file = vocabulary.parse();
    return error_of([&] { Tokenizer{file}; });
  };
  EXPECT_PRED2(contains, fault(VocabularyFile("bert", "x").add("a")), ("the tokenizer 'bert'"));
  EXPECT_PRED2(contains, fault(VocabularyFile("gpt2", "llama-bpe").with_bytes()),
               ("the pre-tokenizer 'llama-bpe' is not supported; expected 'gpt-2'"));
  EXPECT_PRED2(contains, fault(VocabularyFile("gpt2", "gpt-2").with_bytes()), ("has no merges"));
  EXPECT_PRED2(contains, fault(VocabularyFile("gpt2", "gpt-2").add("a")), ("for the byte 0"));
  EXPECT_PRED2(contains, fault(VocabularyFile("llama", "default").add("a")), ("scores"));
  EXPECT_PRED2(contains, fault(byte_bpe_file().add("a")), ("are both 'a'"));
  EXPECT_PRED2(contains, fault(byte_bpe_file().merge("a zz")), ("is 'a zz'; expected two tokens"));
  EXPECT_PRED2(contains, fault(byte_bpe_file().merge("a")), ("is 'a'; expected two tokens"));
  VocabularyFile outside = byte_bpe_file();
  outside.header().set("tokenizer.ggml.bos_token_id", std::uint32_t{100'000});
  EXPECT_PRED2(contains, fault(outside), ("is 100000; expected a token below"));
}

TEST(TokenCache, AnswersAsTheTokenizerAndForgetsTheOldest) {
  const auto file = byte_bpe_file().parse();
  const Tokenizer tokenizer(file);
  TokenCache cache(tokenizer, 2);
  const auto ask = [&](const char* text) {
    const std::span<const TokenId> ids = cache.encode(text);
    EXPECT_EQ(Ids(ids.begin(), ids.end()), ids_of(tokenizer, text)) << text;
  };
  for (const char* text : {"one", "two", "one", "three", "one", "two"}) ask(text);
  // "two" was the oldest when "three" came.
  EXPECT_EQ(cache.hits(), 2U);
  EXPECT_EQ(cache.misses(), 4U);
}

TEST(Texts, AreLinesOfAnyBytes) {
  TestFolder folder;
  const auto path = folder / "texts.txt";
  std::ofstream(path, std::ios::binary) << "one\r\n\n\xFF\xFE\nlast";
  EXPECT_EQ(read_texts(path), (std::vector<std::string>{"one", "", "\xFF\xFE", "last"}));
  std::ofstream(folder / "empty.txt");
  EXPECT_PRED2(contains, error_of([&] { read_texts(folder / "empty.txt"); }), ("is empty"));
  EXPECT_PRED2(contains, error_of([&] { read_texts(folder / "none.txt"); }), ("cannot be read"));
}

TEST(Texts, ThatAreTooLongAreAnErrorOrCut) {
  const auto file = byte_bpe_file().parse();
  const Tokenizer tokenizer(file);
  const std::vector<std::string> texts = {"abc", "abcdef"};
  EXPECT_PRED2(contains, error_of([&] { tokenise(tokenizer, texts, 5, TooLong::error, "t.txt"); }),
               ("t.txt:2: the text has 6 tokens; expected at most 5"));
  const TokenisedTexts cut = tokenise(tokenizer, texts, 5, TooLong::truncate, "t.txt");
  EXPECT_EQ(cut.truncated, 1U);
  EXPECT_EQ(cut.ids[1].size(), 5U);
  EXPECT_PRED2(contains, error_of([&] { tokenise(tokenizer, {""}, 5, TooLong::error, "t.txt"); }),
               ("t.txt:1: the text has no tokens"));
}

}  // namespace
}  // namespace crossover::model::test
