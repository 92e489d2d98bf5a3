#include "tests/passes/pass_test.hpp"

namespace smelt {
namespace {

using test::sound_graph;

/// Operators of the graph that the pass leaves, in order, without what nothing needs.
std::string operators_left(const std::string& text, PassLog& log, Graph* left = nullptr) {
  Graph graph = sound_graph(text);
  use_integers(graph, log);
  PassLog unused;
  remove_dead(graph, unused);
  const Outcome o = verify_graph(graph);
  EXPECT_TRUE(o) << (o ? "" : o.failure().to_string()) << print(graph);
  std::string names;
  for (const Node& node : graph.nodes) names += (names.empty() ? "" : " ") + node.op + ":" + to_string(graph.at(node.out()).dtype);
  if (left != nullptr) *left = graph;
  return names;
}

/// One operator between a dequantized input and a quantized output of these scales.
std::string between(const std::string& node, const std::string& in_quant, const std::string& out_quant, const std::string& in = "[1, 4, 4, 2]",
                    const std::string& out = "[1, 4, 4, 2]") {
  return R"(graph "g"
    tensor %0 "in" i8)" + in + " " + in_quant + R"(
    tensor %1 "real" f32)" + in + R"(
    tensor %2 "y" f32)" + out + R"(
    tensor %3 "out" i8)" + out + " " + out_quant + R"(
    inputs (%0) outputs (%3)
    node %1 = dequantize(%0) {qdq=1}
    node %2 = )" + node + R"(
    node %3 = quantize(%2) {qdq=1})";
}

/// A pointwise convolution; the weights know that they are steps of 0.5, the bias is as told.
std::string convolution(const std::string& weights, const std::string& bias) {
  return R"(graph "g"
    tensor %0 "in" i8[1, 2, 2, 1] scale=0.25 zero=3
    tensor %1 "real" f32[1, 2, 2, 1]
    tensor %2 "w" f32[2, 1, 1, 1] )" + weights + R"( data=[1.5, -63.5]
    tensor %3 "b" f32[2] )" + bias + R"( data=[0.5, -1]
    tensor %4 "y" f32[1, 2, 2, 2]
    tensor %5 "out" i8[1, 2, 2, 2] scale=1 zero=-5
    inputs (%0) outputs (%5)
    node %1 = dequantize(%0) {qdq=1}
    node %4 = conv_2d(%1, %2, %3) {activation="relu", dilation_h=1, dilation_w=1, pad_bottom=0, pad_left=0, pad_right=0, pad_top=0,
      stride_h=1, stride_w=1}
    node %5 = quantize(%4) {qdq=1})";
}

TEST(UseIntegers, AConvolutionTakesTheIntegersThatItsConstantsCameFrom) {
  PassLog log;
  Graph g;
  EXPECT_EQ(operators_left(convolution("scale=0.5 zero=0", "scale=0.125 zero=0"), log, &g), "conv_2d:i8");
  const Node& conv = g.nodes.at(0);
  EXPECT_EQ(g.at(conv.in(1)).as<int8_t>()[0], 3);
  EXPECT_EQ(g.at(conv.in(1)).as<int8_t>()[1], -127);
  EXPECT_EQ(g.at(conv.in(2)).as<int32_t>()[0], 4);  // of 0.25 * 0.5
  EXPECT_EQ(g.at(conv.in(2)).as<int32_t>()[1], -8);
  // 0.25 * (7 - 3) * 1.5 + 0.5 = 2; and below 0, where relu holds 0.
  const std::vector<Value> values = evaluate(g, {{7, 7, 7, 7}});
  EXPECT_EQ(values[static_cast<size_t>(g.outputs[0])].as<int8_t>()[0], 2 - 5);
  EXPECT_EQ(values[static_cast<size_t>(g.outputs[0])].as<int8_t>()[1], 0 - 5);
}

TEST(UseIntegers, ABiasInFloatsIsRoundedToTheSumsSteps) {
  PassLog log;
  EXPECT_EQ(operators_left(convolution("scale=0.5 zero=0", ""), log), "conv_2d:i8");
}

TEST(UseIntegers, WhatHasNoIntegerFormStaysInFloatsAndSaysWhy) {
  PassLog asymmetric, plain;
  EXPECT_EQ(operators_left(convolution("scale=0.5 zero=1", "scale=0.125 zero=0"), asymmetric), "dequantize:f32 conv_2d:f32 quantize:i8");
  EXPECT_NE(asymmetric.to_string().find("stays in floats"), std::string::npos) << asymmetric.to_string();
  EXPECT_NE(asymmetric.to_string().find("zero point other than 0"), std::string::npos) << asymmetric.to_string();
  EXPECT_EQ(operators_left(convolution("", ""), plain), "dequantize:f32 conv_2d:f32 quantize:i8");
  EXPECT_NE(plain.to_string().find("not quantized"), std::string::npos) << plain.to_string();
}

const char* const pool =
    "max_pool_2d(%1) {activation=\"none\", filter_h=1, filter_w=1, pad_bottom=0, pad_left=0, pad_right=0, pad_top=0, stride_h=1, stride_w=1}";

TEST(UseIntegers, WhatPassesValuesOnIsRescaledWhereTheScalesDiffer) {
  PassLog log;
  EXPECT_EQ(operators_left(between(pool, "scale=0.5 zero=1", "scale=0.5 zero=1"), log), "max_pool_2d:i8");
  EXPECT_EQ(operators_left(between(pool, "scale=0.5 zero=1", "scale=0.25 zero=1"), log), "max_pool_2d:i8 quantize:i8");
  EXPECT_EQ(operators_left(between("reshape(%1)", "scale=0.5 zero=1", "scale=0.25 zero=1", "[1, 4, 4, 2]", "[1, 32]"), log), "quantize:i8 reshape:i8");
  EXPECT_EQ(operators_left(between("concatenation(%1, %1) {axis=3}", "scale=0.5 zero=1", "scale=0.25 zero=1", "[1, 4, 4, 2]", "[1, 4, 4, 4]"), log),
            "quantize:i8 quantize:i8 concatenation:i8");
}

TEST(UseIntegers, PaddingTakesItsValueInTheTensorsScale) {
  PassLog log;
  Graph g;
  EXPECT_EQ(operators_left(between("pad(%1) {paddings=[0, 0, 1, 0, 0, 0, 0, 0], value=2.0}", "scale=0.5 zero=1", "scale=0.5 zero=1",
                                   "[1, 4, 4, 2]", "[1, 5, 4, 2]"), log, &g),
            "pad:i8");
  EXPECT_EQ(g.nodes.at(0).attrs.i("value"), 5);
}

TEST(UseIntegers, SoftmaxComputesAtItsOwnScale) {
  PassLog log;
  EXPECT_EQ(operators_left(between("softmax(%1) {beta=1.0}", "scale=0.5 zero=1", "scale=0.00390625 zero=-128"), log), "softmax:i8");
  EXPECT_EQ(operators_left(between("softmax(%1) {beta=1.0}", "scale=0.5 zero=1", "scale=0.0039 zero=-128"), log), "softmax:i8 quantize:i8");
}

TEST(UseIntegers, FloatsThatNoReaderMarkedAreMeant) {
  std::string text = between("tanh(%1)", "scale=0.5 zero=1", "scale=0.0078125 zero=0");
  PassLog log;
  EXPECT_EQ(operators_left(text, log), "tanh:i8");
  for (size_t at = 0; (at = text.find(" {qdq=1}")) != std::string::npos;) text.erase(at, 8);
  EXPECT_EQ(operators_left(text, log), "dequantize:f32 tanh:f32 quantize:i8");
}

TEST(UseIntegers, FloatsThatOthersReadStayFloats) {
  PassLog log;
  EXPECT_EQ(operators_left(R"(graph "g"
    tensor %0 "in" i8[1, 4] scale=0.5 zero=1
    tensor %1 "real" f32[1, 4]
    tensor %2 "y" f32[1, 4]
    tensor %3 "out" i8[1, 4] scale=0.5 zero=1
    inputs (%0) outputs (%3, %2)
    node %1 = dequantize(%0) {qdq=1}
    node %2 = tanh(%1)
    node %3 = quantize(%2) {qdq=1})",
                           log),
            "dequantize:f32 tanh:f32 quantize:i8");
}

}  // namespace
}  // namespace smelt
