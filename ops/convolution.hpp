// What convolution, depthwise convolution and fully connected layers share: checks, window geometry, the quantization
// of their sums.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "lower/lowering.hpp"
#include "ops/op.hpp"
#include "ops/quantize.hpp"
#include "ops/weighted_sum.hpp"
#include "runtime/quantize.hpp"

namespace smelt::convolution {

/// Operands: input, weights, bias (may be absent).
struct Operands {
  const Tensor& input;
  const Tensor& weights;
  const Tensor* bias;
  const Tensor& output;
};
Operands operands(const Graph& graph, const Node& node);

/// Two or three inputs, one output, weights and bias constant, all float32 or int8 (bias int32), int8 weights symmetric
/// and with one scale or one for each of `channels` along `axis`; input and output with one scale each. With
/// `takes_int16` also int16 with weights of int8 (ops/layers_s16.hpp).
Outcome check_operands(const Graph& graph, const Node& node, bool takes_int16 = false);
Outcome check_quantization(const Graph& graph, const Node& node, int axis);

/// Raw padding, strides and dilations become pad_top, pad_left, pad_bottom, pad_right, stride_h, stride_w, dilation_h,
/// dilation_w. Source: TensorFlow Lite, kernels/padding.h, ComputePaddingHeightWidth.
Outcome take_window(const Graph& graph, Node& node);

/// A window's way over an image. Shapes and attributes were checked by `geometry` when it was made.
struct Geometry {
  int32_t batches, in_h, in_w, in_c, out_h, out_w, out_c;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w, pad_top, pad_left, dilation_h, dilation_w;
  Shape output() const { return {batches, out_h, out_w, out_c}; }
};
/// `out_c`: how many output channels the weights make.
Result<Geometry> geometry(const Graph& graph, const Node& node, int32_t out_c);

/// Scales of the sums, one for each output channel.
/// Source: TensorFlow Lite, kernels/kernel_util.cc, PopulateConvolutionQuantizationParams.
std::vector<Multiplier> multipliers(const Operands& o, int32_t channels);

/// Output channels of an int8 layer as kernels want them: bias, multiplier and shift, the input's zero point folded into
/// the bias, and the same in two words where pack::scales bears all of them.
struct Channels {
  std::vector<Channel> all;
  std::optional<std::vector<Scale>> scales;
};
/// Weights lie output channel by output channel, or, `channels_last`, tap by tap.
Channels channels(const Operands& o, const std::vector<Multiplier>& scales, bool channels_last = false);

/// What the parameters of all kernels with windows have in common.
template <class P>
void set_window(P& p, const Geometry& g) {
  p.step_rows = g.batches > 1 ? g.batches * g.out_h : 1;
  p.in_h = g.in_h;
  p.in_w = g.in_w;
  p.out_h = g.out_h;
  p.out_w = g.out_w;
  p.stride_h = g.stride_h;
  p.pad_top = g.pad_top;
  p.pad_left = g.pad_left;
}
std::vector<float> biases(const Operands& o, int32_t channels);  ///< zeros where absent

/// The node as a weighted sum of `groups` groups of input channels (ops/weighted_sum.hpp); empty for floats.
std::optional<WeightedSum> windowed_sum(const Node& node, const Operands& o, const Geometry& g, int32_t groups,
                                        bool outputs_last);

/// For OpDef::scale_output: of weights whose output channels are the first or the last dimension.
bool scale_first_axis(Graph& graph, Node& node, const std::vector<float>& scale, const std::vector<float>& shift);
bool scale_last_axis(Graph& graph, Node& node, const std::vector<float>& scale, const std::vector<float>& shift);

/// The clamp of the fused activation as requantize_store and clamp_store want it.
Clamp clamp_s8(const Node& node, const Tensor& output);
Clamp clamp_f32(const Node& node);

}  // namespace smelt::convolution
