#include <gtest/gtest.h>

#include <random>

#include "ir/graph.hpp"

namespace smelt {
namespace {

struct Case {
  const char* text;
  const char* place;
  const char* reason;
};

TEST(TextErrors, SayWhereAndWhat) {
  const Case cases[] = {
      {"", "f:1:1", "expected graph, found the end of the text"},
      {"grph \"g\"", "f:1:1", "expected graph, found \"grph\""},
      {"graph g", "f:1:7", "expected the graph's name in double quotes, found \"g\""},
      {"graph \"g", "f:1:7", "the string does not end on its line"},
      {"graph \"g\n\"", "f:1:7", "the string does not end on its line"},
      {"graph \"g\\n\"", "f:1:9", "unknown escape in a string"},
      {"graph \"g\\x4\"", "f:1:9", "unknown escape in a string"},
      {"graph \"g\" from 3", "f:1:16", "expected a file name in double quotes, found \"3\""},
      {"graph \"g\"\n  ?", "f:2:3", "unexpected character '?'"},
      {"graph \"g\"\n\t\x01", "f:2:2", "unexpected character \\x01"},
      {"graph \"g\"\n# no ? here\n;", "f:3:1", "unexpected character ';'"},
      {"graph \"g\" tensors", "f:1:11", "expected a statement, found \"tensors\""},
      {"graph \"g\" \"h\"", "f:1:11", "expected a statement, found a string"},
      {"graph \"g\" tensor 0", "f:1:18", "expected a tensor such as %0, found \"0\""},
      {"graph \"g\" tensor %1 \"a\" i8[]", "f:1:18", "tensor %1 should be %0"},
      {"graph \"g\" tensor %", "f:1:18", "% is not a tensor's number"},
      {"graph \"g\" tensor %1-", "f:1:18", "%1- is not a tensor's number"},
      {"graph \"g\" tensor %2147483648", "f:1:18", "%2147483648 is out of range here"},
      {"graph \"g\" tensor %0 \"a\" int8[]", "f:1:25", "expected a type, found \"int8\""},
      {"graph \"g\" tensor %0 \"a\" i8 scale=1", "f:1:28", "expected '[', found \"scale\""},
      {"graph \"g\" tensor %0 \"a\" i8[1 2]", "f:1:30", "expected ',' or ']', found \"2\""},
      {"graph \"g\" tensor %0 \"a\" i8[1", "f:1:29", "expected ',' or ']', found the end of the text"},
      {"graph \"g\" tensor %0 \"a\" i8[x]", "f:1:28", "expected a dimension, found \"x\""},
      {"graph \"g\" tensor %0 \"a\" i8[3000000000]", "f:1:28", "\"3000000000\" is out of range here"},
      {"graph \"g\" tensor %0 \"a\" i8[1.5]", "f:1:28", "\"1.5\" is not a whole number"},
      {"graph \"g\" tensor %0 \"a\" i8[] scale=1e99", "f:1:36", "\"1e99\" is out of range here"},
      {"graph \"g\" tensor %0 \"a\" i8[] scale=1..2", "f:1:36", "\"1..2\" is not a number"},
      {"graph \"g\" tensor %0 \"a\" i8[] scale \"\"", "f:1:36", "expected '=', found a string"},
      {"graph \"g\" tensor %0 \"a\" i8[] zero=4", "f:1:18", "a zero point without a scale"},
      {"graph \"g\" tensor %0 \"a\" i8[] axis=1 axis=1", "f:1:37", "axis is given twice"},
      {"graph \"g\" tensor %0 \"a\" i8[] colour=1", "f:1:30", "expected a statement, found \"colour\""},
      {"graph \"g\" tensor %0 \"a\" i8[1] data=[128]", "f:1:37", "\"128\" is out of range here"},
      {"graph \"g\" tensor %0 \"a\" u8[1] data=[-1]", "f:1:37", "\"-1\" is not a whole number"},
      {"graph \"g\" tensor %0 \"a\" i8[1] data=12", "f:1:36", "expected hex, found \"12\""},
      {"graph \"g\" tensor %0 \"a\" i8[1] data=hex 12", "f:1:40", "expected a string of hex digits, found \"12\""},
      {"graph \"g\" tensor %0 \"a\" i8[1] data=hex \"00\"\n\"123\"", "f:2:1", "an odd number of hex digits"},
      {"graph \"g\" tensor %0 \"a\" i8[1] data=hex \"0g\"", "f:1:40", "a character that is no hex digit"},
      {"graph \"g\" tensor %0 \"a\" i8[1] data=elided(4)", "f:1:36",
       "the content was left out when this text was printed"},
      {"graph \"g\" inputs %0", "f:1:18", "expected '(', found %0"},
      {"graph \"g\" inputs (0)", "f:1:19", "expected a tensor such as %0, found \"0\""},
      {"graph \"g\" node conv_2d(%0)", "f:1:16", "expected a tensor such as %0, found \"conv_2d\""},
      {"graph \"g\" node %0 conv_2d", "f:1:19", "expected '=', found \"conv_2d\""},
      {"graph \"g\" node %0 = _(%0)", "f:1:21", "expected an operator's name, found \"_\""},
      {"graph \"g\" node %0 = add(%0) {a}", "f:1:31", "expected '=', found \"}\""},
      {"graph \"g\" node %0 = add(%0) {a=}", "f:1:32", "expected an attribute's value, found \"}\""},
      {"graph \"g\" node %0 = add(%0) {a=1, a=2}", "f:1:35", "attribute \"a\" is given twice"},
      {"graph \"g\" node %0 = add(%0) {a=99999999999999999999}", "f:1:32",
       "\"99999999999999999999\" is out of range here"},
      {"graph \"g\" node %0 = add(%0) {a=[1.0]}", "f:1:33", "\"1.0\" is not a whole number"},
      {"graph \"g\" metadata \"m\" hex \"00\" metadata \"m\" none", "f:1:42", "metadata \"m\" is given twice"},
  };
  for (const Case& c : cases) {
    const Result<Graph> g = parse(c.text, "f");
    ASSERT_FALSE(g.ok()) << c.text;
    ASSERT_EQ(g.failure().diagnostics.size(), 1U);
    const Diagnostic& d = g.failure().diagnostics[0];
    EXPECT_EQ(d.code, "E0410") << c.text;
    EXPECT_EQ(d.place, c.place) << c.text;
    EXPECT_EQ(d.reason, c.reason) << c.text;
    EXPECT_EQ(g.failure().exit, ExitCode::input);
  }
}

/// Damaged texts are refused or mean something; what means something prints and parses alike.
TEST(TextErrors, DamagedTextNeverCrashes) {
  const std::string good = R"(graph "t\x01" from "f" labels ["no", "yes"] metadata "m" hex "0a"
tensor %0 "in" i8[1, 8] scale=[0.5, 1e-3] zero=[-128, 1] axis=1 source=3 data=[1, -2]
tensor %1 "w" f32[2] data=hex "0011" "22" inputs (%0, _) outputs (%1)
node (%1, _) = conv_2d(%0, _) source=4 {s=2, a=-2.5e+10, "o"="x", p=[0, 2], i=-inf}
)";
  ASSERT_TRUE(parse(good).ok()) << parse(good).failure().to_string();
  const std::string alphabet = "()[]{}=,#%\"\\_x0129-+.einf \n\t\r\xff" + std::string(1, '\0');
  std::mt19937 random(3);
  int accepted = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string text = good;
    for (unsigned edits = 1 + random() % 4; edits != 0; --edits) {
      const size_t at = random() % (text.size() + 1);
      switch (random() % 4) {
        case 0:
          text.resize(at);
          break;
        case 1:
          text.insert(at, 1, alphabet[random() % alphabet.size()]);
          break;
        case 2:
          text.erase(at, 1 + random() % 8);
          break;
        default:
          text.insert(at, text.substr(random() % (text.size() + 1), random() % 40));
      }
    }
    const Result<Graph> g = parse(text);
    if (!g) {
      EXPECT_FALSE(g.failure().diagnostics[0].reason.empty());
      continue;
    }
    ++accepted;
    const std::string printed = print(*g);
    const Result<Graph> back = parse(printed);
    ASSERT_TRUE(back.ok()) << printed << back.failure().to_string();
    EXPECT_EQ(print(*back), printed);
  }
  EXPECT_GT(accepted, 100);
}

}  // namespace
}  // namespace smelt
