#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>

#include "ir/graph.hpp"

namespace smelt {
namespace {

Graph parsed(const std::string& text) {
  Result<Graph> g = parse(text);
  EXPECT_TRUE(g.ok()) << (g ? "" : g.failure().to_string()) << text;
  return g ? *g : Graph{};
}

void expect_round_trip(const Graph& g) {
  const std::string text = print(g);
  const Graph back = parsed(text);
  EXPECT_TRUE(back == g) << text << "\ncame back as\n" << print(back);
}

std::shared_ptr<const Bytes> bytes(std::vector<uint8_t> content) {
  return std::make_shared<const Bytes>(std::move(content));
}

TEST(Text, EveryPieceOfTheGrammarMeansWhatItSays) {
  const Graph g = parsed(R"(
    # a comment
    graph "tiny" from "dir/tiny.tflite"
    labels ["no", "yes"]
    metadata "version" hex "0aFF" "10"
    tensor %0 "in" i8[1, 8, 8, 1] scale=0.5 zero=-128 source=3   # a comment
    tensor %1 "w" i8[2, 1] scale=[0.25, 2] zero=0 axis=0 source=1 data=[127, -128]
    tensor %2 "scalar" f32[] data=[-1.5]
    tensor %3 "out" i32[1] zero=[7]
    inputs (%0) outputs (%3)
    node %3 = conv_2d(%0, %1, _) source=4 {stride_h=2, alpha=2.0, to="x", perm=[0, 2, 1], none=[]}
  )");
  EXPECT_EQ(g.name, "tiny");
  EXPECT_EQ(g.file, "dir/tiny.tflite");
  EXPECT_EQ(g.labels, (std::vector<std::string>{"no", "yes"}));
  ASSERT_EQ(g.metadata.count("version"), 1U);
  EXPECT_EQ(*g.metadata.at("version"), (Bytes{0x0a, 0xff, 0x10}));
  ASSERT_EQ(g.tensors.size(), 4U);
  EXPECT_EQ(g.tensors[0].name, "in");
  EXPECT_EQ(g.tensors[0].dtype, DType::i8);
  EXPECT_EQ(g.tensors[0].shape, (Shape{1, 8, 8, 1}));
  EXPECT_EQ(g.tensors[0].quant, (Quantization{{0.5F}, {-128}, 0}));
  EXPECT_EQ(g.tensors[0].source, 3);
  EXPECT_FALSE(g.tensors[0].constant());
  EXPECT_EQ(g.tensors[1].quant, (Quantization{{0.25F, 2.0F}, {0, 0}, 0}));
  EXPECT_EQ(*g.tensors[1].data, (Bytes{0x7f, 0x80}));
  EXPECT_EQ(g.tensors[2].shape, Shape{});
  EXPECT_EQ(*g.tensors[2].data, (Bytes{0, 0, 0xc0, 0xbf}));  // IEEE 754: -1.5 is 0xbfc00000
  EXPECT_EQ(g.tensors[3].quant, (Quantization{{}, {7}, 0}));
  EXPECT_EQ(g.tensors[3].source, -1);
  EXPECT_EQ(g.inputs, std::vector<TensorId>{0});
  EXPECT_EQ(g.outputs, std::vector<TensorId>{3});
  ASSERT_EQ(g.nodes.size(), 1U);
  const Node& n = g.nodes[0];
  EXPECT_EQ(n.op, "conv_2d");
  EXPECT_EQ(n.inputs, (std::vector<TensorId>{0, 1, no_tensor}));
  EXPECT_EQ(n.outputs, std::vector<TensorId>{3});
  EXPECT_EQ(n.source, 4);
  EXPECT_EQ(n.attrs.i("stride_h"), 2);
  EXPECT_EQ(n.attrs.f("alpha"), 2.0);
  EXPECT_EQ(n.attrs.s("to"), "x");
  EXPECT_EQ(n.attrs.ints("perm"), (std::vector<int64_t>{0, 2, 1}));
  EXPECT_TRUE(n.attrs.has("none"));
  EXPECT_EQ(n.attrs.values().size(), 5U);
  expect_round_trip(g);
}

TEST(Text, PrintsThisAndNothingElse) {
  const std::string text = R"(graph "tiny" from "tiny.tflite"
labels ["no", "yes"]
metadata "version" hex "0aff"

tensor %0 "in" i8[1, 4] scale=0.5 zero=-128 source=3
tensor %1 "w" i8[2, 4] scale=[0.25, 0.1] zero=0 source=1 data=[1, 2, 3, 4, 5, 6, 7, -8]
tensor %2 "big" u8[17] data=hex "000102030405060708090a0b0c0d0e0f10"
tensor %3 "out" i8[1, 2] scale=1e-07 zero=3

inputs (%0)
outputs (%3)

node %3 = fully_connected(%0, %1, _) source=4 {activation="relu", alpha=2.0, "odd name"=[1, 2]}
)";
  EXPECT_EQ(print(parsed(text)), text);
}

TEST(Text, WithoutContentsItIsForPeople) {
  const Graph g = parsed(R"(graph "g" tensor %0 "w" f32[2] data=[1, 2] metadata "m" hex "00")");
  const std::string text = print(g, {.data = false});
  EXPECT_NE(text.find("tensor %0 \"w\" f32[2] data=elided(8)\n"), std::string::npos) << text;
  EXPECT_NE(text.find("metadata \"m\" elided(1)\n"), std::string::npos) << text;
  const Result<Graph> back = parse(text);
  ASSERT_FALSE(back.ok());
  EXPECT_EQ(back.failure().diagnostics[0].reason, "the content was left out when this text was printed");
}

TEST(Text, FileOfATextThatNamesNoneIsItsOwn) {
  EXPECT_EQ(parse("graph \"g\"", "here.smelt")->file, "here.smelt");
  EXPECT_EQ(parse("graph \"g\" from \"\"", "here.smelt")->file, "");
}

TEST(Text, OddNamesComeBack) {
  Graph g;
  g.name = std::string("nul\0 quote\" back\\ newline\n tab\t high\xff", 38);
  g.file = "späße/模型.tflite";
  g.labels = {"", "overlong\xc0\xaf", "cut\xe6\xa8"};
  g.tensors.push_back({"a/b;c:0", DType::f32, {1}, {}, nullptr, -1});
  Node n;
  for (const char* op : {"_", "node", "9lives", "", "weird op", "source"}) {
    n.op = op;
    n.outputs = {0};
    n.attrs.set(op, int64_t{1});
    g.nodes.push_back(n);
  }
  g.metadata["\x01"] = bytes({1});
  g.metadata[""] = nullptr;
  g.metadata["empty"] = bytes({});
  expect_round_trip(g);
  EXPECT_NE(print(g).find("späße/模型.tflite"), std::string::npos);  // readable where it is text
}

TEST(Text, UnsoundGraphsComeBackToo) {
  Graph g;
  g.tensors.push_back({"negative",
                       DType::i8,
                       {-1, 0, 5},
                       {{-1.0F, 0.0F, std::numeric_limits<float>::infinity()}, {1}, -3},
                       bytes({1, 2, 3}),
                       -9});
  g.tensors.push_back({"ragged", DType::f32, {1}, {{}, {4}, 0}, bytes({1, 2, 3}), 5});
  g.tensors.push_back({"empty", DType::i64, {}, {{1.0F}, {}, 0}, bytes({}), 5});
  g.tensors.push_back({"twice", DType::i16, {}, {{1.0F, 2.0F}, {4, 4}, 7}, nullptr, 5});
  g.inputs = {-7, no_tensor, std::numeric_limits<int32_t>::max(), std::numeric_limits<int32_t>::min()};
  Node n;
  n.op = "split";
  n.outputs = {no_tensor};
  g.nodes = {n, Node{}};
  expect_round_trip(g);
}

TEST(Text, NumbersKeepTheirBits) {
  std::mt19937 random(1);
  Graph g;
  Node n;
  n.op = "x";
  n.outputs = {0};
  Quantization q;
  for (float s : {1.0F, 0.1F, 1.17549435e-38F, 1e-45F, 3.40282347e+38F, -0.0F}) q.scale.push_back(s);
  while (q.scale.size() < 2000) {
    const auto f = std::bit_cast<float>(static_cast<uint32_t>(random()));
    if (!std::isnan(f)) q.scale.push_back(f);
  }
  const auto limits = std::numeric_limits<int64_t>();
  n.attrs.set("i", std::vector<int64_t>{limits.min(), limits.max(), 0, -1});
  int names = 0;
  for (double d : {0.0, -0.0, 5.0, 0.1, 1e300, 5e-324, 1e15, 123456789012345680.0, -HUGE_VAL, HUGE_VAL}) {
    n.attrs.set("d" + std::to_string(names++), d);
  }
  g.tensors.push_back({"t", DType::i8, {}, q, nullptr, -1});
  g.nodes = {n};
  const Graph back = parsed(print(g));
  ASSERT_EQ(back.tensors.size(), 1U);
  ASSERT_EQ(back.tensors[0].quant.scale.size(), q.scale.size());
  for (size_t i = 0; i < q.scale.size(); ++i) {
    EXPECT_EQ(std::bit_cast<uint32_t>(back.tensors[0].quant.scale[i]), std::bit_cast<uint32_t>(q.scale[i]));
  }
  ASSERT_EQ(back.nodes.size(), 1U);
  EXPECT_EQ(back.nodes[0].attrs, n.attrs);
  EXPECT_TRUE(std::signbit(back.nodes[0].attrs.f("d1")));  // -0.0 == 0.0, so the line above does not see it
}

TEST(Text, ConstantsOfEveryTypeAndLengthKeepTheirBytes) {
  std::mt19937 random(2);
  for (DType type : {DType::i8, DType::u8, DType::i16, DType::i32, DType::i64, DType::f32, DType::boolean}) {
    for (int length : {0, 1, 3, 8, 16, 64, 128, 129, 1000}) {
      Graph g;
      Bytes content(static_cast<size_t>(length));
      for (uint8_t& b : content) b = static_cast<uint8_t>(random());
      g.tensors.push_back({"t", type, {length}, {}, bytes(content), -1});
      expect_round_trip(g);
    }
  }
  Graph g;  // a signalling NaN with a payload, among few floats
  g.tensors.push_back({"t", DType::f32, {2}, {}, bytes({1, 2, 0x80, 0xff, 0, 0, 0, 0x80}), -1});
  expect_round_trip(g);
}

TEST(Text, EqualityLooksAtContentNotAtPointers) {
  const std::string text = R"(graph "g" metadata "m" hex "00" tensor %0 "w" f32[2] data=[1, 2])";
  EXPECT_TRUE(parsed(text) == parsed(text));
  EXPECT_FALSE(parsed(text) == parsed(R"(graph "g" metadata "m" hex "00" tensor %0 "w" f32[2] data=[1, 3])"));
  EXPECT_FALSE(parsed(text) == parsed(R"(graph "g" metadata "m" hex "01" tensor %0 "w" f32[2] data=[1, 2])"));
  EXPECT_FALSE(parsed(text) == parsed(R"(graph "g" metadata "m" hex "00" tensor %0 "w" f32[2])"));
}

}  // namespace
}  // namespace smelt
