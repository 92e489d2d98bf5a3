// Tables: separators, headers, times, gaps, labels, and everything that is wrong with them.
#include "dataset/timeline.hpp"
#include "tests/dataset/support.hpp"

namespace smelt::dataset {
namespace {

using namespace test;

std::vector<std::string> names(const Signal& s) {
  std::vector<std::string> n;
  for (const Axis& a : s.axes) n.push_back(a.unit.empty() ? a.name : a.name + "[" + a.unit + "]");
  return n;
}
using Names = std::vector<std::string>;

/// The only part of a table that must be sound.
Part only(const std::string& text, const DecodeOptions& options = {}) {
  Result<Decoded> d = decoded("x.csv", text, options);
  if (!d || d->parts.size() != 1) {
    ADD_FAILURE() << (d ? std::to_string(d->parts.size()) + " parts" : d.failure().to_string());
    return {};
  }
  return std::move(d->parts[0]);
}

TEST(Csv, HeaderUnitsAndTimesInMilliseconds) {
  const Part p = only("time[ms],ax [g],ay (g),T\n7,1,2,3\n12,-4,5.5,6\n17,7e1,+8,9\n");
  EXPECT_EQ(p.signal.rate, 200);
  EXPECT_EQ(names(p.signal), (Names{"ax[g]", "ay[g]", "T"}));
  EXPECT_EQ(p.signal.values, (Floats{1, 2, 3, -4, 5.5, 6, 70, 8, 9}));
  EXPECT_TRUE(p.notes.empty());
}

TEST(Csv, SeparatorsAndDecimalCommas) {
  for (const char* text : {"t_ms;x;y\n0;1,5;2\n10;3;4,25\n", "t_ms\tx\ty\n0\t1.5\t2\n10\t3\t4.25\n", "t_ms x y\n0   1.5 2\n10 3 \t 4.25\n",
                           "\xef\xbb\xbft_ms,x,y\r\n0,1.5,2\r\n\r\n10,\"3\",4.25\r\n", "# by hand\nt_ms,x,y\n0,1.5,2\n10,3,4.25"}) {
    SCOPED_TRACE(text);
    const Part p = only(text);
    EXPECT_EQ(p.signal.rate, 100);
    EXPECT_EQ(p.signal.values, (Floats{1.5, 2, 3, 4.25}));
  }
}

TEST(Csv, UnitsOfTime) {
  const auto rate = [](const std::string& head, const std::string& unit = {}) {
    DecodeOptions o;
    o.time_unit = unit;
    return only(head + ",x\n0,1\n20,2\n40,3\n", o).signal.rate;
  };
  EXPECT_EQ(rate("time[s]"), 0.05);
  EXPECT_EQ(rate("timestamp (us)"), 50000);
  EXPECT_EQ(rate("t_ms"), 50);
  EXPECT_EQ(rate("millis"), 50);
  EXPECT_EQ(rate("timestamp"), 50) << "whole numbers are taken for ms";
  EXPECT_EQ(rate("timestamp", "us"), 50000);
  EXPECT_EQ(only("timestamp,x\n0,1\n20,2\n").notes, Names{"times taken for ms"});
  EXPECT_EQ(only("time,x\n0.0,1\n0.016,2\n0.032,3\n").signal.rate, 62.5) << "fractions are taken for s";
}

TEST(Csv, WithoutTimesOrHeader) {
  DecodeOptions o;
  EXPECT_EQ(code_of(decoded("x.csv", "1,2\n3,4\n")), "E1014");
  o.rate = 50;
  const Part p = only("1,2\n3,4\n", o);
  EXPECT_EQ(names(p.signal), (Names{"c1", "c2"}));
  EXPECT_EQ(p.signal.values, (Floats{1, 2, 3, 4}));
  EXPECT_EQ(p.signal.rate, 50);
  o.ignore_time = true;
  EXPECT_EQ(only("time,x\n0,1\n900,2\n3,3\n", o).signal.values, (Floats{1, 2, 3}));
}

TEST(Csv, AxesInTheOrderAskedFor) {
  DecodeOptions o;
  o.axes = {"z", "x"};
  o.rate = 1;
  EXPECT_EQ(only("x,y,z\n1,2,3\n4,oops,6\n", o).signal.values, (Floats{3, 1, 6, 4})) << "other columns may hold anything";
  o.axes = {"x", "w"};
  const Result<Decoded> d = decoded("x.csv", "x,y,z\n1,2,3\n", o);
  EXPECT_EQ(code_of(d), "E1015");
  EXPECT_NE(d.failure().to_string().find("it has x, y, z"), std::string::npos) << d.failure().to_string();
}

TEST(Csv, LabelsCutATable) {
  DecodeOptions o;
  o.label_column = "auto";
  const std::string text = "class,t_ms,x\non,0,1\non,10,2\noff,20,3\noff,30,4\non,40,5\n";
  const Result<Decoded> d = decoded("x.csv", text, o);
  ASSERT_TRUE(d) << d.failure().to_string();
  ASSERT_EQ(d->parts.size(), 3U);
  const std::pair<std::string, Floats> wanted[] = {{"on", {1, 2}}, {"off", {3, 4}}, {"on", {5}}};
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(d->parts[i].label, wanted[i].first);
    EXPECT_EQ(d->parts[i].signal.values, wanted[i].second);
    EXPECT_EQ(d->parts[i].signal.rate, 100);
  }
  EXPECT_EQ(only(text).signal.values, (Floats{1, 2, 3, 4, 5})) << "a label is no axis where it is not asked for";
  o.label_column = "x";
  o.group_column = "class";
  const Result<Decoded> g = decoded("x.csv", "class,t_ms,x,y\na,0,1,1\nb,10,1,2\nb,20,2,3\n", o);
  ASSERT_TRUE(g);
  ASSERT_EQ(g->parts.size(), 3U);
  EXPECT_EQ(g->parts[1].group + g->parts[1].label, "b1");
}

TEST(Csv, JitterOfTheStampsResolutionIsNone) {
  // 200 Hz seen by a clock of milliseconds that now and then ticks early: the samples are uniform.
  std::string text = "time[ms],x\n";
  Floats values;
  int t = 7;
  for (int i = 0; i < 1000; ++i) {
    text += std::to_string(t) + "," + std::to_string(i % 17) + "\n";
    values.push_back(static_cast<float>(i % 17));
    t += i % 400 == 399 ? 4 : i % 300 == 299 ? 6 : 5;
  }
  const Part p = only(text);
  EXPECT_EQ(p.signal.rate, 200);
  EXPECT_EQ(p.signal.values, values);
}

TEST(Csv, RougherStepsAreInterpolatedLinearly) {
  // A straight line over time stays one, whenever it was sampled.
  std::string text = "time[us],x\n";
  for (int i = 0; i < 200; ++i) {
    const int t = i * 10000 + (i % 3 == 1 ? 3000 : i % 5 == 2 ? -2000 : 0);
    text += std::to_string(t) + "," + std::to_string(t * 0.5) + "\n";
  }
  const Part p = only(text);
  EXPECT_EQ(p.signal.rate, 100);
  ASSERT_EQ(p.notes.size(), 1U);
  EXPECT_NE(p.notes[0].find("interpolated"), std::string::npos);
  ASSERT_NEAR(static_cast<double>(p.signal.samples()), 200, 1);
  for (std::int64_t i = 0; i < p.signal.samples(); ++i) EXPECT_NEAR(p.signal.at(i, 0), static_cast<double>(i) * 5000, 1);
}

TEST(Csv, GapsAreRefusedSplitOrFilled) {
  const std::string text = "t_ms,x\n0,0\n10,1\n20,2\n60,6\n70,7\n";
  DecodeOptions o;
  const Result<Decoded> refused = decoded("x.csv", text, o);
  EXPECT_EQ(code_of(refused), "E1013");
  EXPECT_EQ(place_of(refused), "x.csv:5");
  o.gaps = Gaps::split;
  const Result<Decoded> split = decoded("x.csv", text, o);
  ASSERT_TRUE(split);
  ASSERT_EQ(split->parts.size(), 2U);
  EXPECT_EQ(split->parts[0].signal.values, (Floats{0, 1, 2}));
  EXPECT_EQ(split->parts[1].signal.values, (Floats{6, 7}));
  o.gaps = Gaps::fill;
  const Part filled = only(text, o);
  ASSERT_EQ(filled.signal.samples(), 8);
  for (std::int64_t i = 0; i < 8; ++i) EXPECT_NEAR(filled.signal.at(i, 0), static_cast<double>(i), 1e-5);
  EXPECT_EQ(filled.notes, Names{"1 gap filled"});
  EXPECT_EQ(code_of(decoded("x.csv", "t_ms,x\n0,0\n10,1\n20,2\n30,3\n1e18,6\n", o)), "E1019");
}

TEST(Csv, MissingValuesAreGapsToo) {
  DecodeOptions o;
  o.rate = 10;
  const std::string text = "x,y\n0,1\n1,1\n,1\n3,1\n4,nan\n5,1\n";
  const Result<Decoded> refused = decoded("x.csv", text, o);
  EXPECT_EQ(code_of(refused), "E1020");
  EXPECT_EQ(place_of(refused), "x.csv:4");
  o.gaps = Gaps::fill;
  const Part p = only(text, o);
  ASSERT_EQ(p.signal.samples(), 6);
  for (std::int64_t i = 0; i < 6; ++i) EXPECT_NEAR(p.signal.at(i, 0), static_cast<double>(i), 1e-5);
}

TEST(Csv, WhatIsWrongIsSaidWithItsLine) {
  const auto said = [](const std::string& text, const std::string& code, const std::string& place) {
    const Result<Decoded> d = decoded("x.csv", text);
    EXPECT_EQ(code_of(d), code) << text.substr(0, 60);
    EXPECT_EQ(place_of(d), place) << text.substr(0, 60);
  };
  said("\n\n# nothing\n", "E1011", "x.csv");
  said("a,b,c\n", "E1011", "x.csv:1");
  said("t_ms,x\n0,1\n10,2,3\n", "E1011", "x.csv:3");
  said("t_ms,x\n0,1\n10,abc\n", "E1011", "x.csv:3");
  said("t_ms,x\n0,1\n10,1e400\n", "E1011", "x.csv:3");
  said("t_ms,x\n0,1\n10,1e39\n", "E1020", "x.csv:3");
  said("t_ms,x\n0,1\n10,inf\n", "E1020", "x.csv:3");
  said("t_ms,x\n10,1\n0,2\n", "E1012", "x.csv:3");
  said("t_ms,x\n0,1\nnan,2\n", "E1012", "x.csv:3");
  said("time,x\n12:00:01,1\n12:00:02,2\n", "E1012", "x.csv:2");
  said("t_ms,x\n0,1\n0,2\n0,3\n0,4\n50,1\n50,2\n50,3\n50,4\n100,1\n100,2\n", "E1012", "x.csv:2");
  said(std::string("t_ms,x\n0,\0", 10), "E1011", "x.csv");
  std::string wide = "1";
  for (int i = 0; i < 5000; ++i) wide += ",1";
  said(wide + "\n", "E1011", "x.csv:1");
  said(std::string(3 << 20, '7'), "E1011", "x.csv:1");
  EXPECT_LT(decoded("x.csv", "\x1b[2J,t\n" + std::string(3 << 20, '7')).failure().to_string().size(), 500U);
  EXPECT_EQ(decoded("x.csv", "t_ms,x\x1b[2J\n0,1\x1b[2J\n").failure().to_string().find('\x1b'), std::string::npos);
}

TEST(Csv, TheRateThatWasMeant) {
  EXPECT_EQ(meant_rate(200.0013, 0), 200);
  EXPECT_EQ(meant_rate(62.499, 0), 62.5);
  EXPECT_EQ(meant_rate(104.01, 0), 104);
  EXPECT_EQ(meant_rate(0.0500001, 0), 0.05);
  EXPECT_EQ(meant_rate(99.2, 100), 100);
  EXPECT_EQ(meant_rate(97, 100), 97);
  EXPECT_EQ(meant_rate(16000.3, 0), 16000);
  EXPECT_NEAR(meant_rate(101.37, 0), 101.37, 0.06);
}

}  // namespace
}  // namespace smelt::dataset
