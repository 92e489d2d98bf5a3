#include <ctime>

#include "tests/passes/pass_test.hpp"

namespace smelt {
namespace {

using test::expect_pass;
using test::expect_same_function;
using test::expect_unchanged;
using test::sound_graph;

/// Transpositions that move elements, and what the pass leaves of them.
size_t moves_left(const std::string& text) {
  const Graph original = sound_graph(text);
  Graph graph = original;
  PassLog log;
  move_transposes(graph, log);
  const Outcome o = verify_graph(graph);
  EXPECT_TRUE(o) << (o ? "" : o.failure().to_string()) << print(graph);
  if (o) expect_same_function(original, graph);
  size_t count = 0;
  for (const Node& node : graph.nodes) count += node.op == "transpose" ? 1 : 0;
  return count;
}

TEST(MoveTransposes, BackAndForthAroundAFunctionOfOneValueIsNothing) {
  expect_pass(move_transposes, R"(graph "g"
    tensor %0 "in" f32[1, 4, 5, 2]
    tensor %1 "a" f32[1, 2, 4, 5]
    tensor %2 "b" f32[1, 2, 4, 5]
    tensor %3 "out" f32[1, 4, 5, 2]
    tensor %4 "end" f32[1, 4, 5, 2]
    inputs (%0) outputs (%4)
    node %1 = transpose(%0) source=0 {perm=[0, 3, 1, 2]}
    node %2 = relu(%1) source=1
    node %3 = transpose(%2) source=2 {perm=[0, 2, 3, 1]}
    node %4 = tanh(%3) source=3)",
              R"(graph "g"
    tensor %0 "in" f32[1, 4, 5, 2]
    tensor %1 "end" f32[1, 4, 5, 2]
    tensor %2 "b" f32[1, 4, 5, 2]
    inputs (%0) outputs (%1)
    node %2 = relu(%0) source=1
    node %1 = tanh(%2) source=3)");
}

TEST(MoveTransposes, ConstantsAreTurnedAheadOfTime) {
  EXPECT_EQ(moves_left(R"(graph "g"
    tensor %0 "in" f32[1, 2, 2, 3]
    tensor %1 "first" f32[1, 3, 2, 2]
    tensor %2 "bias" f32[3, 1, 1] data=[1, 2, 3]
    tensor %3 "sum" f32[1, 3, 2, 2]
    tensor %4 "whole" f32[1, 3, 2, 2] data=[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
    tensor %5 "product" f32[1, 3, 2, 2]
    tensor %6 "out" f32[1, 2, 2, 3]
    tensor %7 "end" f32[1, 2, 2, 3]
    inputs (%0) outputs (%7)
    node %1 = transpose(%0) {perm=[0, 3, 1, 2]}
    node %3 = add(%1, %2) {activation="none"}
    node %5 = mul(%4, %3) {activation="none"}
    node %6 = transpose(%5) {perm=[0, 2, 3, 1]}
    node %7 = tanh(%6))"),
            0U);
}

TEST(MoveTransposes, AxesGoWithTheDimensions) {
  EXPECT_EQ(moves_left(R"(graph "g"
    tensor %0 "in" f32[1, 4, 5, 2]
    tensor %1 "first" f32[1, 2, 4, 5]
    tensor %2 "padded" f32[1, 3, 4, 7]
    tensor %3 "joined" f32[1, 6, 4, 7]
    tensor %4 "part" f32[1, 6, 2, 7]
    tensor %5 "every" f32[1, 6, 2, 4]
    tensor %6 "left" f32[1, 2, 2, 4]
    tensor %7 "right" f32[1, 4, 2, 4]
    tensor %8 "mean" f32[1, 4, 1, 1]
    tensor %9 "a" f32[1, 2, 4, 2]
    tensor %10 "b" f32[1, 1, 1, 4]
    tensor %11 "enda" f32[1, 2, 4, 2]
    tensor %12 "endb" f32[1, 1, 1, 4]
    inputs (%0) outputs (%11, %12)
    node %1 = transpose(%0) {perm=[0, 3, 1, 2]}
    node %2 = pad(%1) {paddings=[0, 0, 1, 0, 0, 0, 0, 2], value=0.5}
    node %3 = concatenation(%2, %2) {axis=1}
    node %4 = slice(%3) {begin=[0, 0, 1, 0], size=[1, 6, 2, 7]}
    node %5 = strided_slice(%4) {begin=[0, 0, 0, 6], extent=[1, 6, 2, 4], shape=[1, 6, 2, 4], strides=[1, 1, 1, -2]}
    node (%6, %7) = split(%5) {axis=1, sizes=[2, 4]}
    node %8 = mean(%7) {axes=[2, 3], keep_dims=1}
    node %9 = transpose(%6) {perm=[0, 2, 3, 1]}
    node %10 = transpose(%8) {perm=[0, 2, 3, 1]}
    node %11 = tanh(%9)
    node %12 = tanh(%10))"),
            0U);
}

TEST(MoveTransposes, AResidualSumTakesTheOrderOfBothBranches) {
  EXPECT_EQ(moves_left(R"(graph "g"
    tensor %0 "in" f32[1, 2, 4, 5]
    tensor %1 "rows" f32[1, 4, 5, 2]
    tensor %2 "branch" f32[1, 4, 5, 2]
    tensor %3 "back" f32[1, 2, 4, 5]
    tensor %4 "sum" f32[1, 2, 4, 5]
    tensor %5 "again" f32[1, 4, 5, 2]
    tensor %6 "end" f32[1, 4, 5, 2]
    inputs (%0) outputs (%6)
    node %1 = transpose(%0) {perm=[0, 2, 3, 1]}
    node %2 = max_pool_2d(%1) {activation="none", filter_h=3, filter_w=1, pad_bottom=1, pad_left=0, pad_right=0, pad_top=1, stride_h=1, stride_w=1}
    node %3 = transpose(%2) {perm=[0, 3, 1, 2]}
    node %4 = add(%3, %0) {activation="relu"}
    node %5 = transpose(%4) {perm=[0, 2, 3, 1]}
    node %6 = max_pool_2d(%5) {activation="none", filter_h=3, filter_w=1, pad_bottom=1, pad_left=0, pad_right=0, pad_top=1, stride_h=1, stride_w=1})"),
            1U);  // of the input
}

TEST(MoveTransposes, SignalsLoseTheirColumnOfOne) {
  EXPECT_EQ(moves_left(R"(graph "g"
    tensor %0 "in" f32[1, 6, 1, 2]
    tensor %1 "narrow" f32[1, 6, 2]
    tensor %2 "channels" f32[1, 2, 6]
    tensor %3 "scale" f32[2, 1] data=[2, 3]
    tensor %4 "scaled" f32[1, 2, 6]
    tensor %5 "time" f32[1, 6, 2]
    tensor %6 "image" f32[1, 6, 1, 2]
    tensor %7 "end" f32[1, 6, 1, 2]
    inputs (%0) outputs (%7)
    node %1 = reshape(%0)
    node %2 = transpose(%1) {perm=[0, 2, 1]}
    node %4 = mul(%2, %3) {activation="none"}
    node %5 = transpose(%4) {perm=[0, 2, 1]}
    node %6 = reshape(%5)
    node %7 = tanh(%6))"),
            0U);
}

TEST(MoveTransposes, WhatWorksAlongTheLastDimensionStaysInItsOrder) {
  EXPECT_EQ(moves_left(R"(graph "g"
    tensor %0 "in" f32[1, 4, 5]
    tensor %1 "turned" f32[1, 5, 4]
    tensor %2 "soft" f32[1, 5, 4]
    tensor %3 "back" f32[1, 4, 5]
    tensor %4 "end" f32[1, 4, 5]
    inputs (%0) outputs (%4)
    node %1 = transpose(%0) {perm=[0, 2, 1]}
    node %2 = softmax(%1) {beta=1.0}
    node %3 = transpose(%2) {perm=[0, 2, 1]}
    node %4 = tanh(%3))"),
            2U);
}

/// A sum that wants either operand turned, as attention with a past has it: it is moved once, not to and fro until the
/// graph is full, which takes seconds. The bound is a hundred times what the pass needs.
TEST(MoveTransposes, OperandsInDifferentOrdersDoNotTakeTurns) {
  const std::clock_t start = std::clock();
  EXPECT_EQ(moves_left(R"(graph "g"
    tensor %0 "past" f32[1, 4, 3, 5]
    tensor %1 "in" f32[1, 2, 4, 5]
    tensor %2 "turned" f32[1, 4, 2, 5]
    tensor %3 "joined" f32[1, 4, 5, 5]
    inputs (%0, %1) outputs (%3)
    node %2 = transpose(%1) {perm=[0, 2, 1, 3]}
    node %3 = concatenation(%0, %2) {axis=2})"),
            1U);
  EXPECT_LT(static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC, 0.5);
}

TEST(MoveTransposes, GraphsWithoutThemAreLeftAlone) {
  expect_unchanged(move_transposes, R"(graph "g"
    tensor %0 "in" f32[1, 4, 1, 1]
    tensor %1 "flat" f32[1, 4]
    tensor %2 "out" f32[1, 4]
    inputs (%0) outputs (%2)
    node %1 = reshape(%0)
    node %2 = tanh(%1))");
}

TEST(ReorderWeights, AFlattenedTranspositionGoesIntoTheWeights) {
  const Graph original = sound_graph(R"(graph "g"
    tensor %0 "in" f32[1, 2, 2, 2]
    tensor %1 "channels" f32[1, 2, 2, 2]
    tensor %2 "flat" f32[1, 8]
    tensor %3 "w" f32[2, 8] data=[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]
    tensor %4 "out" f32[1, 2]
    inputs (%0) outputs (%4)
    node %1 = transpose(%0) {perm=[0, 3, 1, 2]}
    node %2 = reshape(%1)
    node %4 = fully_connected(%2, %3) {activation="none", keep_num_dims=1})");
  Graph graph = original;
  PassLog log;
  reorder_weights(graph, log);
  remove_dead(graph, log);
  ASSERT_TRUE(verify_graph(graph));
  for (const Node& node : graph.nodes) EXPECT_NE(node.op, "transpose");
  // Channel-last element (y, x, c) is channel-first element c * 4 + y * 2 + x.
  const Node& dense = graph.nodes.back();
  const float* w = graph.at(dense.in(1)).as<float>();
  EXPECT_EQ(std::vector<float>(w, w + 8), (std::vector<float>{1, 5, 2, 6, 3, 7, 4, 8}));
}

TEST(FoldScales, FactorsAndSummandsOfChannelsGoIntoTheWeights) {
  expect_pass(fold_scales, R"(graph "g"
    tensor %0 "in" f32[1, 1, 2, 1]
    tensor %1 "w" f32[2, 1, 1, 1] data=[1, 2]
    tensor %2 "conv" f32[1, 1, 2, 2]
    tensor %3 "scale" f32[1, 1, 1, 2] data=[2, -4]
    tensor %4 "scaled" f32[1, 1, 2, 2]
    tensor %5 "shift" f32[2] data=[8, 16]
    tensor %6 "out" f32[1, 1, 2, 2]
    inputs (%0) outputs (%6)
    node %2 = conv_2d(%0, %1) source=0 {activation="none", dilation_h=1, dilation_w=1, pad_bottom=0, pad_left=0, pad_right=0, pad_top=0,
      stride_h=1, stride_w=1}
    node %4 = mul(%2, %3) source=1 {activation="none"}
    node %6 = add(%4, %5) source=2 {activation="none"})",
              R"(graph "g"
    tensor %0 "in" f32[1, 1, 2, 1]
    tensor %1 "out" f32[1, 1, 2, 2]
    tensor %2 "w" f32[2, 1, 1, 1] data=[2, -8]
    tensor %3 "w/bias" f32[2] data=[8, 16]
    inputs (%0) outputs (%1)
    node %1 = conv_2d(%0, %2, %3) source=0 {activation="none", dilation_h=1, dilation_w=1, pad_bottom=0, pad_left=0, pad_right=0,
      pad_top=0, stride_h=1, stride_w=1})");
}

TEST(FoldScales, WeightsThatNothingScalesStayOnTheirGrid) {
  expect_pass(fold_scales, R"(graph "g"
    tensor %0 "in" f32[1, 1, 2, 1]
    tensor %1 "w" f32[2, 1, 1, 1] scale=0.5 zero=0 data=[1, 2]
    tensor %2 "conv" f32[1, 1, 2, 2]
    tensor %3 "shift" f32[2] data=[8, 16]
    tensor %4 "out" f32[1, 1, 2, 2]
    inputs (%0) outputs (%4)
    node %2 = conv_2d(%0, %1) source=0 {activation="none", dilation_h=1, dilation_w=1, pad_bottom=0, pad_left=0, pad_right=0, pad_top=0,
      stride_h=1, stride_w=1}
    node %4 = add(%2, %3) source=1 {activation="none"})",
              R"(graph "g"
    tensor %0 "in" f32[1, 1, 2, 1]
    tensor %1 "w" f32[2, 1, 1, 1] scale=0.5 zero=0 data=[1, 2]
    tensor %2 "out" f32[1, 1, 2, 2]
    tensor %3 "w/bias" f32[2] data=[8, 16]
    inputs (%0) outputs (%2)
    node %2 = conv_2d(%0, %1, %3) source=0 {activation="none", dilation_h=1, dilation_w=1, pad_bottom=0, pad_left=0, pad_right=0,
      pad_top=0, stride_h=1, stride_w=1})");
}

TEST(FoldScales, NotBehindAClampNorWhereOthersReadTheSum) {
  const auto net = [](const std::string& activation, const std::string& outputs) {
    return R"(graph "g"
    tensor %0 "in" f32[1, 1, 2, 1]
    tensor %1 "w" f32[2, 1, 1, 1] data=[1, 2]
    tensor %2 "conv" f32[1, 1, 2, 2]
    tensor %3 "scale" f32[2] data=[2, -4]
    tensor %4 "scaled" f32[1, 1, 2, 2]
    inputs (%0) outputs ()" + outputs + R"()
    node %2 = conv_2d(%0, %1) {activation=")" + activation + R"(", dilation_h=1, dilation_w=1, pad_bottom=0, pad_left=0, pad_right=0,
      pad_top=0, stride_h=1, stride_w=1}
    node %4 = mul(%2, %3) {activation="none"})";
  };
  expect_unchanged(fold_scales, net("relu", "%4"));
  expect_unchanged(fold_scales, net("none", "%2, %4"));
}

}  // namespace
}  // namespace smelt
