#include "tests/passes/pass_test.hpp"

namespace smelt {
namespace {

using test::expect_pass;
using test::expect_unchanged;

/// A padding of `paddings` with `value`, of int8 quantized (0.5, 3), and a convolution of its output `padded`.
std::string int8_case(const std::string& padded, const std::string& paddings, const std::string& value,
                      const std::string& out, const std::string& padded_zero = "3") {
  return R"(graph "g"
    tensor %0 "in" i8[1, 4, 5, 2] scale=0.5 zero=3
    tensor %1 "w" i8[2, 2, 1, 2] scale=[0.05, 0.1] zero=0 data=[1, -2, 3, 40, 127, -9, 80, -127]
    tensor %2 "padded" i8)" +
         padded + " scale=0.5 zero=" + padded_zero + R"(
    tensor %3 "conv" i8)" +
         out + R"( scale=2 zero=-20
    inputs (%0) outputs (%3)
    node %2 = pad(%0) source=0 {paddings=)" +
         paddings + ", value=" + value + R"(}
    node %3 = conv_2d(%2, %1, _) source=1 {activation="relu6", dilation_h=1, dilation_w=1, pad_bottom=0, pad_left=0,
      pad_right=0, pad_top=1, stride_h=2, stride_w=1})";
}

TEST(FusePadding, ZeroPointsAroundAnImageBecomeTheConvolutionsPads) {
  expect_pass(fuse_padding, int8_case("[1, 7, 12, 2]", "[0, 0, 1, 2, 3, 4, 0, 0]", "3", "[1, 4, 12, 2]"),
              R"(graph "g"
    tensor %0 "in" i8[1, 4, 5, 2] scale=0.5 zero=3
    tensor %1 "w" i8[2, 2, 1, 2] scale=[0.05, 0.1] zero=0 data=[1, -2, 3, 40, 127, -9, 80, -127]
    tensor %2 "conv" i8[1, 4, 12, 2] scale=2 zero=-20
    inputs (%0) outputs (%2)
    node %2 = conv_2d(%0, %1, _) source=1 {activation="relu6", dilation_h=1, dilation_w=1, pad_bottom=2, pad_left=3,
      pad_right=4, pad_top=2, stride_h=2, stride_w=1})");
}

TEST(FusePadding, NotWithAnotherValueThanZero) {
  expect_unchanged(fuse_padding, int8_case("[1, 7, 12, 2]", "[0, 0, 1, 2, 3, 4, 0, 0]", "0", "[1, 4, 12, 2]"));
  expect_unchanged(fuse_padding, int8_case("[1, 7, 12, 2]", "[0, 0, 1, 2, 3, 4, 0, 0]", "-128", "[1, 4, 12, 2]"));
}

TEST(FusePadding, NotWhereThePaddedTensorIsQuantizedDifferently) {
  expect_unchanged(fuse_padding, int8_case("[1, 7, 12, 2]", "[0, 0, 1, 2, 3, 4, 0, 0]", "3", "[1, 4, 12, 2]", "4"));
}

TEST(FusePadding, NotOfBatches) {
  expect_unchanged(fuse_padding, int8_case("[2, 5, 5, 2]", "[0, 1, 1, 0, 0, 0, 0, 0]", "3", "[2, 3, 5, 2]"));
}

TEST(FusePadding, NotOfChannels) {
  const std::string text = R"(graph "g"
    tensor %0 "in" f32[1, 4, 5, 1]
    tensor %1 "w" f32[1, 1, 1, 2] data=[1, -2]
    tensor %2 "padded" f32[1, 4, 5, 2]
    tensor %3 "conv" f32[1, 4, 5, 1]
    inputs (%0) outputs (%3)
    node %2 = pad(%0) {paddings=[0, 0, 0, 0, 0, 0, 0, 1], value=0.0}
    node %3 = conv_2d(%2, %1, _) {activation="none", dilation_h=1, dilation_w=1, pad_bottom=0, pad_left=0, pad_right=0,
      pad_top=0, stride_h=1, stride_w=1})";
  expect_unchanged(fuse_padding, text);
}

/// Floats, two readers: one convolution and the node that `second` says.
std::string two_readers(const std::string& second, const std::string& value = "0.0") {
  return R"(graph "g"
    tensor %0 "in" f32[1, 4, 5, 2]
    tensor %1 "w" f32[1, 3, 3, 2] data=[1, -2, 3, 0.5, -0.25, 7, 1, 1, 2, -2, 3, -3, 1, 2, 3, 4, 5, 6]
    tensor %2 "padded" f32[1, 6, 7, 2]
    tensor %3 "first" f32[1, 4, 5, 2]
    tensor %4 "second" f32[1, 4, 5, 2]
    inputs (%0) outputs (%3, %4)
    node %2 = pad(%0) {paddings=[0, 0, 1, 1, 1, 1, 0, 0], value=)" +
         value + R"(}
    node %3 = depthwise_conv_2d(%2, %1, _) {activation="none", dilation_h=1, dilation_w=1, pad_bottom=0, pad_left=0,
      pad_right=0, pad_top=0, stride_h=1, stride_w=1}
    node %4 = )" +
         second;
}
const std::string depthwise = R"(depthwise_conv_2d(%2, %1, _) {activation="none", dilation_h=1, dilation_w=1,
      pad_bottom=0, pad_left=0, pad_right=0, pad_top=0, stride_h=1, stride_w=1})";
const std::string pool = R"(average_pool_2d(%2) {activation="none", filter_h=3, filter_w=3, pad_bottom=0, pad_left=0,
      pad_right=0, pad_top=0, stride_h=1, stride_w=1})";

TEST(FusePadding, IntoEveryReader) {
  expect_pass(fuse_padding, two_readers(depthwise), R"(graph "g"
    tensor %0 "in" f32[1, 4, 5, 2]
    tensor %1 "w" f32[1, 3, 3, 2] data=[1, -2, 3, 0.5, -0.25, 7, 1, 1, 2, -2, 3, -3, 1, 2, 3, 4, 5, 6]
    tensor %2 "first" f32[1, 4, 5, 2]
    tensor %3 "second" f32[1, 4, 5, 2]
    inputs (%0) outputs (%2, %3)
    node %2 = depthwise_conv_2d(%0, %1, _) {activation="none", dilation_h=1, dilation_w=1, pad_bottom=1, pad_left=1,
      pad_right=1, pad_top=1, stride_h=1, stride_w=1}
    node %3 = depthwise_conv_2d(%0, %1, _) {activation="none", dilation_h=1, dilation_w=1, pad_bottom=1, pad_left=1,
      pad_right=1, pad_top=1, stride_h=1, stride_w=1})");
}

TEST(FusePadding, NotWhereOneReaderLeavesPaddingOut) { expect_unchanged(fuse_padding, two_readers(pool)); }

TEST(FusePadding, NotFloatsOtherThanZero) { expect_unchanged(fuse_padding, two_readers(depthwise, "1e-30")); }

TEST(FusePadding, NotWhereThePaddedTensorIsAnOutput) {
  std::string text = two_readers(depthwise);
  text.replace(text.find("(%3, %4)"), 8, "(%3, %4, %2)");
  expect_unchanged(fuse_padding, text);
}

TEST(FusePadding, PaddingsInARowAddUp) {
  expect_pass(fuse_padding, R"(graph "g"
    tensor %0 "in" f32[1, 4, 5, 1]
    tensor %1 "w" f32[1, 3, 2, 1] data=[1, -2, 3, 4, 5, 6]
    tensor %2 "once" f32[1, 5, 5, 1]
    tensor %3 "twice" f32[1, 6, 7, 1]
    tensor %4 "conv" f32[1, 4, 6, 1]
    inputs (%0) outputs (%4)
    node %2 = pad(%0) {paddings=[0, 0, 1, 0, 0, 0, 0, 0], value=0.0}
    node %3 = pad(%2) {paddings=[0, 0, 1, 0, 2, 0, 0, 0], value=0.0}
    node %4 = conv_2d(%3, %1, _) {activation="none", dilation_h=1, dilation_w=1, pad_bottom=0, pad_left=0, pad_right=0,
      pad_top=0, stride_h=1, stride_w=1})",
              R"(graph "g"
    tensor %0 "in" f32[1, 4, 5, 1]
    tensor %1 "w" f32[1, 3, 2, 1] data=[1, -2, 3, 4, 5, 6]
    tensor %2 "conv" f32[1, 4, 6, 1]
    inputs (%0) outputs (%2)
    node %2 = conv_2d(%0, %1, _) {activation="none", dilation_h=1, dilation_w=1, pad_bottom=0, pad_left=2, pad_right=0,
      pad_top=2, stride_h=1, stride_w=1})");
}

}  // namespace
}  // namespace smelt
