#include "tests/passes/pass_test.hpp"

namespace smelt {
namespace {

using test::expect_pass;
using test::expect_unchanged;

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  const size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), by);
}

// A convolution with one activation, and another behind it.
const std::string conv = R"(graph "g"
  tensor %0 "in" i8[1, 4, 4, 2] scale=0.5 zero=3 source=0
  tensor %1 "w" i8[2, 1, 1, 2] scale=[0.05, 0.1] zero=0 data=[1, -2, 3, 40]
  tensor %2 "b" i32[2] scale=[0.025, 0.05] zero=0 data=[10, -400]
  tensor %3 "conv" i8[1, 4, 4, 2] scale=0.1 zero=-20 source=3
  tensor %4 "act" i8[1, 4, 4, 2] scale=0.1 zero=-20 source=4
  inputs (%0) outputs (%4)
  node %3 = conv_2d(%0, %1, %2) source=0 {activation="FIRST", dilation_h=1, dilation_w=1, pad_bottom=0, pad_left=0,
    pad_right=0, pad_top=0, stride_h=1, stride_w=1}
  node %4 = SECOND(%3) source=1)";
const std::string fused = R"(graph "g"
  tensor %0 "in" i8[1, 4, 4, 2] scale=0.5 zero=3 source=0
  tensor %1 "w" i8[2, 1, 1, 2] scale=[0.05, 0.1] zero=0 data=[1, -2, 3, 40]
  tensor %2 "b" i32[2] scale=[0.025, 0.05] zero=0 data=[10, -400]
  tensor %3 "act" i8[1, 4, 4, 2] scale=0.1 zero=-20 source=4
  inputs (%0) outputs (%3)
  node %3 = conv_2d(%0, %1, %2) source=0 {activation="BOTH", dilation_h=1, dilation_w=1, pad_bottom=0, pad_left=0,
    pad_right=0, pad_top=0, stride_h=1, stride_w=1})";

std::string before(const std::string& first, const std::string& second) {
  return replaced(replaced(conv, "FIRST", first), "SECOND", second);
}

TEST(FuseActivations, TwoClampsAreTheirIntersection) {
  struct Case {
    const char *first, *second, *both;
  };
  for (const Case& c :
       {Case{"none", "relu", "relu"}, Case{"none", "relu6", "relu6"}, Case{"none", "relu_n1_to_1", "relu_n1_to_1"},
        Case{"relu", "relu", "relu"}, Case{"relu", "relu6", "relu6"}, Case{"relu6", "relu", "relu6"},
        Case{"relu6", "relu6", "relu6"}, Case{"relu_n1_to_1", "relu_n1_to_1", "relu_n1_to_1"}}) {
    SCOPED_TRACE(std::string(c.first) + " and " + c.second);
    expect_pass(fuse_activations, before(c.first, c.second), replaced(fused, "BOTH", c.both));
  }
}

TEST(FuseActivations, NotWhereThereIsNoWordForTheIntersection) {
  expect_unchanged(fuse_activations, before("relu", "relu_n1_to_1"));  // [0, 1]
  expect_unchanged(fuse_activations, before("relu_n1_to_1", "relu"));
  expect_unchanged(fuse_activations, before("relu_n1_to_1", "relu6"));
}

TEST(FuseActivations, NotWhereTheActivationRescales) {
  const std::string scale =
      replaced(before("none", "relu"), "\"act\" i8[1, 4, 4, 2] scale=0.1", "\"act\" i8[1, 4, 4, 2] scale=0.05");
  expect_unchanged(fuse_activations, scale);
  const std::string zero =
      replaced(before("none", "relu"), "scale=0.1 zero=-20 source=4", "scale=0.1 zero=-128 source=4");
  expect_unchanged(fuse_activations, zero);
}

TEST(FuseActivations, NotWhereSomebodyElseReadsTheTensorBetween) {
  expect_unchanged(fuse_activations, replaced(before("none", "relu"), "outputs (%4)", "outputs (%4, %3)"));
  expect_unchanged(fuse_activations, replaced(replaced(before("none", "relu"), "inputs (%0) outputs (%4)",
                                                       "tensor %5 \"other\" i8[1, 4, 4, 2] scale=0.1 zero=-20\n"
                                                       "inputs (%0) outputs (%4, %5)"),
                                              "source=1", "source=1 node %5 = relu6(%3)"));
}

TEST(FuseActivations, NotIntoWhatTakesNone) {
  expect_unchanged(fuse_activations, R"(graph "g"
    tensor %0 "in" f32[1, 4]
    tensor %1 "mid" f32[1, 4]
    tensor %2 "out" f32[1, 4]
    inputs (%0) outputs (%2)
    node %1 = hard_swish(%0)
    node %2 = relu6(%1))");
  expect_unchanged(fuse_activations, R"(graph "g"
    tensor %0 "in" f32[1, 4]
    tensor %1 "out" f32[1, 4]
    inputs (%0) outputs (%1)
    node %1 = relu6(%0))");
}

TEST(FuseActivations, FloatChainsCollapse) {
  expect_pass(fuse_activations, R"(graph "g"
    tensor %0 "in" f32[1, 4, 4, 2]
    tensor %1 "pool" f32[1, 2, 2, 2]
    tensor %2 "relu" f32[1, 2, 2, 2]
    tensor %3 "relu6" f32[1, 2, 2, 2]
    inputs (%0) outputs (%3)
    node %1 = average_pool_2d(%0) {activation="none", filter_h=2, filter_w=2, pad_bottom=0, pad_left=0, pad_right=0,
      pad_top=0, stride_h=2, stride_w=2}
    node %2 = relu(%1)
    node %3 = relu6(%2))",
              R"(graph "g"
    tensor %0 "in" f32[1, 4, 4, 2]
    tensor %1 "relu6" f32[1, 2, 2, 2]
    inputs (%0) outputs (%1)
    node %1 = average_pool_2d(%0) {activation="relu6", filter_h=2, filter_w=2, pad_bottom=0, pad_left=0, pad_right=0,
      pad_top=0, stride_h=2, stride_w=2})");
}

}  // namespace
}  // namespace smelt
