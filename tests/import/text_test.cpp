#include "import/text.hpp"

#include <gtest/gtest.h>

namespace smelt {
namespace {

TEST(Printable, KeepsPlainTextAndUtf8) {
  EXPECT_EQ(printable("model/conv2d;relu"), "model/conv2d;relu");
  EXPECT_EQ(printable("caf\xc3\xa9 \xe9\x9f\xb3 \xf0\x9f\x94\x8a"), "caf\xc3\xa9 \xe9\x9f\xb3 \xf0\x9f\x94\x8a");
  EXPECT_EQ(printable(""), "");
}

TEST(Printable, ReplacesWhatCouldSteerATerminalOrBreakALine) {
  EXPECT_EQ(printable("a\nb\r\x1b[31m\x7f"), "a?b??[31m?");
  EXPECT_EQ(printable(std::string_view("a\0b", 3)), "a?b");
  EXPECT_EQ(printable("\xc2\x85"), "??");  // U+0085, a line break of the second control block
}

TEST(Printable, ReplacesMalformedUtf8ByteByByte) {
  EXPECT_EQ(printable("\xff\x80x"), "??x");
  EXPECT_EQ(printable("\xc3"), "?");                 // cut short
  EXPECT_EQ(printable("\xc0\xaf"), "??");            // overlong slash
  EXPECT_EQ(printable("\xe0\x80\xaf"), "???");       // overlong again
  EXPECT_EQ(printable("\xed\xa0\x80"), "???");       // a surrogate
  EXPECT_EQ(printable("\xf4\x90\x80\x80"), "????");  // beyond U+10FFFF
}

TEST(Printable, CutsAtTheLimitBetweenCharacters) {
  EXPECT_EQ(printable("abcdef", 3), "abc");
  EXPECT_EQ(printable("ab\xc3\xa9", 3), "ab");
  EXPECT_EQ(printable("ab\xc3\xa9", 4), "ab\xc3\xa9");
}

}  // namespace
}  // namespace smelt
