#include <gtest/gtest.h>

#include "model/gguf/gguf_error.h"

namespace crossover::model {
namespace {

TEST(ShownText, KeepsTextAndEscapesTheRest) {
  EXPECT_EQ(printable("plain ünïcode 数学 🚀"), "plain ünïcode 数学 🚀");
  EXPECT_EQ(printable("a\nb\x1b[31m\x7f"), "a\\x0ab\\x1b[31m\\x7f");
  EXPECT_EQ(printable(std::string_view("\0", 1)), "\\x00");
  EXPECT_EQ(printable("\xC3"), "\\xc3");                             // cut short
  EXPECT_EQ(printable("\xE2\x82"), "\\xe2\\x82");                    // cut short
  EXPECT_EQ(printable("\xC0\x80"), "\\xc0\\x80");                    // longer than need be
  EXPECT_EQ(printable("\xED\xA0\x80"), "\\xed\\xa0\\x80");           // a surrogate
  EXPECT_EQ(printable("\xF4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");  // beyond U+10FFFF
  EXPECT_EQ(printable("\xC2\x9B!"), "\\xc2\\x9b!");  // a control that begins a sequence
  EXPECT_EQ(printable("\xFF\x80"), "\\xff\\x80");
}

TEST(ShownText, IsCutBetweenCharacters) {
  EXPECT_EQ(in_quotes("four", 4), "'four'");
  EXPECT_EQ(in_quotes("fours", 4), "'four...'");
  EXPECT_EQ(in_quotes("aéé", 4), "'aé...'");
  EXPECT_EQ(in_quotes(std::string(90, 'x')), "'" + std::string(80, 'x') + "...'");
}

}  // namespace
}  // namespace crossover::model
