#include "ops/layers_s16.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>

#include "lower/pack.hpp"
#include "lower/pack_s16.hpp"
#include "ops/checks.hpp"
#include "ops/windows.hpp"
#include "runtime/ops/conv_2d_s16.hpp"
#include "runtime/ops/depthwise_conv_2d_s16.hpp"
#include "runtime/ops/fully_connected_s16.hpp"

namespace smelt::layers_s16 {
namespace {

enum class Way { narrow, wide, twice };

/// What kernels need of the output channels: records as words, and how they are meant.
struct Channels {
  Way way;
  std::vector<int32_t> words;
};

int64_t bias_of(const Operands& o, int32_t c) {
  if (o.bias == nullptr) return 0;
  return o.bias->dtype == DType::i64 ? o.bias->as<int64_t>()[c] : o.bias->as<int32_t>()[c];
}

/// The reference cuts the multiplier of sums of 64 bits to 16, and saturates it.
int32_t reduced(Multiplier m) { return m.multiplier < 0x7fff0000 ? (m.multiplier + (1 << 15)) >> 16 : 0x7fff; }
int32_t right_shift(Multiplier m) { return 15 - m.shift; }

/// A sum of 64 bits, requantized; below 2^47.
int32_t wide_output(int64_t sum, Multiplier m) {
  const int64_t factor = int64_t{1} << right_shift(m);
  const int64_t product = sum * reduced(m) + factor / 2;
  const int64_t quotient = product / factor - (product % factor < 0 ? 1 : 0);  // towards minus infinity
  return static_cast<int32_t>(static_cast<uint32_t>(quotient));
}

/// Sum of |weight| of each output channel. Weights lie output channel by output channel, or, `channels_last`, tap by tap.
std::vector<int64_t> magnitudes(const Tensor& weights, size_t channels, bool channels_last) {
  std::vector<int64_t> all(channels);
  const auto count = static_cast<size_t>(elements(weights.shape));
  for (size_t i = 0; i < count; ++i) {
    all[channels_last ? i % channels : i / (count / channels)] += std::abs(int32_t{weights.as<int8_t>()[i]});
  }
  return all;
}

/// What a sum of `bias` and products of at most `heaviest` * 2^15 needs to become its output in 32 bits, if that can be.
std::optional<NarrowS16::PerChannel> narrow(int64_t bias, int64_t heaviest, Multiplier m) {
  if (heaviest == 0) {
    // A constant y, of whose fourfold a multiplier of 2^30 makes it again. Beyond 16 bits it saturates either way.
    const auto y = static_cast<int32_t>(std::clamp<int64_t>(wide_output(bias, m), -40000, 40000));
    return NarrowS16::PerChannel{4 * y, 1 << 30};
  }
  const int64_t most = heaviest * 32768 + std::abs(bias);
  const int32_t shift = right_shift(m);
  if (most < int64_t{1} << 47 && most * reduced(m) < int64_t{1} << (shift - 1)) return NarrowS16::PerChannel{0, 0};  // rounds to 0
  if (most >= int64_t{1} << 31 || shift < 16 || shift > 32) return std::nullopt;
  return NarrowS16::PerChannel{static_cast<int32_t>(bias), reduced(m) << (32 - shift)};
}

Channels channels(const Operands& o, const std::vector<Multiplier>& scales, bool channels_last, int32_t padded) {
  const auto n = static_cast<int32_t>(scales.size());
  const std::vector<int64_t> heaviest = magnitudes(o.weights, scales.size(), channels_last);
  Channels made{o.bias != nullptr && o.bias->dtype == DType::i32 ? Way::twice : Way::narrow, {}};
  for (int32_t c = 0; c < n && made.way == Way::narrow; ++c) {
    const auto record = narrow(bias_of(o, c), heaviest[static_cast<size_t>(c)], scales[static_cast<size_t>(c)]);
    if (record) made.words.insert(made.words.end(), {record->bias, record->multiplier});
    if (!record) made.way = Way::wide;
  }
  if (made.way == Way::narrow) {
    made.words.resize(2 * static_cast<size_t>(padded));
    return made;
  }
  made.words.clear();
  for (int32_t c = 0; c < n; ++c) {
    const Multiplier m = scales[static_cast<size_t>(c)];
    const int64_t bias = bias_of(o, c);
    const auto low = static_cast<int32_t>(static_cast<uint32_t>(bias));
    if (made.way == Way::twice) {
      made.words.insert(made.words.end(), {low, m.multiplier, ~m.shift});
    } else {
      made.words.insert(made.words.end(), {low, static_cast<int32_t>(bias >> 32), reduced(m), right_shift(m)});
    }
  }
  return made;
}

Clamp clamp_of(const Node& node, const Tensor& output) {
  const ActivationRange range = quantized_activation(node.attrs.s("activation", "none"), output.quant, DType::i16);
  return {range.low, range.high, 0};
}

template <class T>
int32_t add(Lowering& l, const char* what, const std::vector<T>& values) {
  return static_cast<int32_t>(l.pool.add(l.name(what), values, 4));
}

}  // namespace

bool applies(const Graph& graph, const Node& node) { return graph.at(node.in(0)).dtype == DType::i16; }

Outcome take_bias_type(Graph& graph, Node& node) {
  const std::string type = node.attrs.s("quantized_bias_type", "FLOAT32");
  node.attrs.erase("quantized_bias_type");
  if (!applies(graph, node)) return Done{};
  if (node.in(2) != no_tensor) {
    const DType bias = graph.at(node.in(2)).dtype;
    // What is not said is a bias of int64.
    const bool agree = type == "FLOAT32" ? bias != DType::i32 : type == (bias == DType::i32 ? "INT32" : "INT64");
    if (agree) return Done{};
    return fail(graph, node, "E0301",
                std::string("a bias of type ") + to_string(bias) + " where quantized_bias_type says " + type,
                "export the model again with a current converter");
  }
  if (type != "INT32") return Done{};
  Tensor zeros;
  zeros.name = graph.at(node.out()).name + "/bias";
  zeros.dtype = DType::i32;
  const Shape& weights = graph.at(node.in(1)).shape;
  zeros.shape = {weights.empty() ? 1 : weights[0]};
  zeros.data = std::make_shared<Bytes>(static_cast<size_t>(elements(zeros.shape)) * 4);
  node.inputs.resize(2);
  node.inputs.push_back(graph.add(std::move(zeros)));
  return Done{};
}

void put_bias_type(const Graph& graph, Node& node) {
  if (!applies(graph, node)) return;
  const bool narrow = node.in(2) != no_tensor && graph.at(node.in(2)).dtype == DType::i32;
  node.attrs.set("quantized_bias_type", std::string(narrow ? "INT32" : "INT64"));
}

Outcome check(const Graph& graph, const Node& node, const std::vector<Multiplier>& scales, int64_t taps) {
  if (!applies(graph, node)) return Done{};
  const Operands o = convolution::operands(graph, node);
  for (const Tensor* t : {&o.input, &o.output}) {
    if (t->quant.zero_point[0] != 0) {
      return fail(graph, node, "E0304", "\"" + t->name + "\" is of 16 bits and has a zero point other than 0",
                  "quantize 16-bit activations symmetrically");
    }
  }
  if (o.bias != nullptr && o.bias->dtype == DType::i32) return Done{};
  for (size_t c = 0; c < scales.size(); ++c) {
    const int64_t bias = bias_of(o, static_cast<int32_t>(c));
    constexpr int64_t most = int64_t{1} << 47;  // as the reference demands
    if (bias <= -most || bias >= most || std::abs(bias) + (taps << 22) >= most) {
      return fail(graph, node, "E0304", "the bias of channel " + std::to_string(c) + " is too large for its sum");
    }
    if (scales[c].shift >= 8) {
      return fail(graph, node, "E0304",
                  "the scales of channel " + std::to_string(c) + " make a multiplier of 128 or more, which the reference refuses",
                  "quantize the model with calibrated ranges");
    }
  }
  return Done{};
}

int16_t stored(const Node& node, const Operands& o, Multiplier scale, int32_t c, int64_t sum) {
  const ActivationRange range = quantized_activation(node.attrs.s("activation", "none"), o.output.quant, DType::i16);
  sum += bias_of(o, c);
  int32_t scaled = 0;
  if (o.bias != nullptr && o.bias->dtype == DType::i32) {
    scaled = oracle::requantize(static_cast<int32_t>(static_cast<uint32_t>(sum)), scale);
  } else {
    scaled = wide_output(sum, scale);
  }
  return static_cast<int16_t>(std::clamp(scaled, range.low, range.high));
}

Outcome lower_conv_2d(Lowering& l, const Geometry& g, const Operands& o) {
  const int32_t depth = o.weights.shape[3];
  const int32_t groups = g.in_c / depth;
  const int32_t taps = g.kernel_h * g.kernel_w * depth;
  // Of an odd number of channels the last block reads one record more.
  const Channels c = channels(o, convolution::multipliers(o, g.out_c), false, g.out_c + g.out_c / groups % 2);
  Conv2D p = convolution::conv_2d(g, depth);
  p.taps = pack::round_up(taps, 4);
  p.weights = add(l, "weights", pack::blocks_s16(o.weights.as<int8_t>(), groups, p.group_out, taps, 2));
  p.channels = add(l, "channels", c.words);
  p.to = clamp_of(l.node, o.output);
  switch (c.way) {
    case Way::narrow:
      l.kernel("ops/conv_2d_s16.hpp", SMELT_KERNEL(conv_2d_s16));
      break;
    case Way::wide:
      l.kernel("ops/conv_2d_s16.hpp", SMELT_KERNEL(conv_2d_wide_s16));
      break;
    case Way::twice:
      l.kernel("ops/conv_2d_s16.hpp", SMELT_KERNEL(conv_2d_twice_s16));
      break;
  }
  convolution::set_params(l, p);
  convolution::set_conv_2d_rows(l, g, groups);
  l.scratch(g.kernel_h * 4 + p.taps * (depth % 4 == 0 ? 4 : 6));
  return Done{};
}

Outcome lower_depthwise_conv_2d(Lowering& l, const Geometry& g, const Operands& o) {
  const int32_t taps = g.kernel_h * g.kernel_w;
  const Channels c = channels(o, convolution::multipliers(o, g.out_c), true, g.out_c);
  DepthwiseConv2D p = convolution::depthwise_conv_2d(g);
  p.weights = add(l, "weights", pack::depthwise_s16(o.weights.as<int8_t>(), g.out_c, taps, p.multiplier == 1));
  p.channels = add(l, "channels", c.words);
  p.to = clamp_of(l.node, o.output);
  if (c.way == Way::narrow) {
    l.kernel("ops/depthwise_conv_2d_s16.hpp", SMELT_KERNEL(depthwise_conv_2d_s16));
  } else {
    l.kernel("ops/depthwise_conv_2d_s16.hpp", SMELT_KERNEL(depthwise_conv_2d_wide_s16));
  }
  convolution::set_params(l, p);
  convolution::set_rows(l, g);
  l.scratch(pack::round_up((taps + g.kernel_h) * 4 + g.in_c * 2, 4));
  return Done{};
}

void lower_fully_connected(Lowering& l, int32_t vectors, const Operands& o, const std::vector<Multiplier>& scales) {
  const auto units = static_cast<int32_t>(scales.size());
  const int32_t depth = o.weights.shape[1];
  const Channels c = channels(o, scales, false, units);
  const FullyConnectedS16 p{vectors,
                            depth,
                            units,
                            add(l, "weights", pack::blocks_s16(o.weights.as<int8_t>(), 1, units, depth, 4)),
                            add(l, "channels", c.words),
                            clamp_of(l.node, o.output)};
  switch (c.way) {
    case Way::narrow:
      l.kernel("ops/fully_connected_s16.hpp", SMELT_KERNEL(fully_connected_s16));
      break;
    case Way::wide:
      l.kernel("ops/fully_connected_s16.hpp", SMELT_KERNEL(fully_connected_wide_s16));
      break;
    case Way::twice:
      l.kernel("ops/fully_connected_s16.hpp", SMELT_KERNEL(fully_connected_twice_s16));
      break;
  }
  l.params("smelt::FullyConnectedS16", p, "vectors depth units weights channels to.offset to.span to.low");
}

}  // namespace smelt::layers_s16
