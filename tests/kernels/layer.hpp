// Graphs of one convolution, depthwise convolution or fully connected layer, for tests.
#pragma once

#include <cmath>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "ir/graph.hpp"

namespace smelt::test {

struct Layer {
  std::string op;
  DType dtype = DType::i8;
  Shape input, weights, output;  ///< output: as infer says, filled in by the test
  Attrs attrs;
  bool bias = true;
  bool per_channel = true;
  int extremes = 0;  ///< 0: random values; 1: inputs and weights of the largest size; 2: large biases as well
};

inline constexpr const char* activations[] = {"none", "relu", "relu6", "relu_n1_to_1"};

inline int32_t between(std::mt19937& random, int32_t low, int32_t high) {
  return static_cast<int32_t>(low + static_cast<int64_t>(random() % (int64_t{high} - low + 1)));
}

inline float scale_between(std::mt19937& random, double low, double high) {
  return static_cast<float>(std::exp(std::log(low) + (std::log(high) - std::log(low)) * (random() % 10001) / 10000.0));
}

inline Bytes random_bytes(std::mt19937& random, DType dtype, int64_t n, int extremes) {
  Bytes bytes(static_cast<size_t>(n * size_of(dtype)));
  for (int64_t i = 0; i < n; ++i) {
    if (dtype == DType::i16) {
      const auto v = static_cast<uint16_t>(extremes == 0 ? random() : random() % 2 == 0 ? 32767 : 32768);
      std::memcpy(&bytes[static_cast<size_t>(2 * i)], &v, 2);
    } else if (dtype == DType::i8) {
      const bool up = random() % 2 == 0;
      bytes[static_cast<size_t>(i)] = static_cast<uint8_t>(extremes == 0 ? random() : up ? 127 : -128);
    } else {
      const float v = static_cast<float>(static_cast<int32_t>(random()) >> 8) / (1 << 22);
      std::memcpy(&bytes[static_cast<size_t>(4 * i)], &v, 4);
    }
  }
  return bytes;
}

inline Graph graph_of(const Layer& layer, std::mt19937& random) {
  const bool integer = layer.dtype != DType::f32;
  const bool int16 = layer.dtype == DType::i16;
  Graph g;
  g.file = "test";
  const auto tensor = [&](const char* name, DType dtype, const Shape& shape) {
    Tensor t;
    t.name = name;
    t.dtype = dtype;
    t.shape = shape;
    return t;
  };
  Tensor in = tensor("in", layer.dtype, layer.input);
  Tensor weights = tensor("weights", int16 ? DType::i8 : layer.dtype, layer.weights);
  Tensor out = tensor("out", layer.dtype, layer.output);
  const int axis = layer.op == "depthwise_conv_2d" ? 3 : 0;
  const int32_t channels = layer.weights[static_cast<size_t>(axis)];
  if (integer) {
    if (int16) {
      in.quant = {{scale_between(random, 1e-5, 1e-2)}, {0}, 0};
      out.quant = {{scale_between(random, 1e-4, 1e-1)}, {0}, 0};
    } else {
      in.quant = {{scale_between(random, 0.001, 1)}, {between(random, -128, 127)}, 0};
      out.quant = {{scale_between(random, 0.001, 10)}, {between(random, -128, 127)}, 0};
    }
    for (int32_t c = 0; c < (layer.per_channel ? channels : 1); ++c) {
      weights.quant.scale.push_back(scale_between(random, 0.0001, 0.5));
      weights.quant.zero_point.push_back(0);
    }
    weights.quant.axis = axis;
  }
  Bytes content = random_bytes(random, weights.dtype, elements(layer.weights), layer.extremes);
  if (integer && random() % 4 != 0) {  // quantizers leave -128 out
    for (uint8_t& b : content) b = b == 128 ? 129 : b;
  }
  weights.data = std::make_shared<const Bytes>(content);
  Node node;
  node.op = layer.op;
  node.attrs = layer.attrs;
  node.inputs = {g.add(in), g.add(weights)};
  if (layer.bias) {
    const bool wide = int16 && (axis == 3 || random() % 4 != 0);
    Tensor bias = tensor("bias", wide ? DType::i64 : integer ? DType::i32 : DType::f32, {channels});
    Bytes values(static_cast<size_t>(channels * size_of(bias.dtype)));
    if (integer) {
      for (int32_t c = 0; c < channels; ++c) {
        int64_t v = layer.extremes == 2 ? between(random, -(1 << 30), 1 << 30) : between(random, -20000, 20000);
        if (int16) v *= wide && layer.extremes == 2 ? 1 << 12 : layer.extremes == 2 ? 1 : 100;
        std::memcpy(&values[static_cast<size_t>(size_of(bias.dtype) * c)], &v, static_cast<size_t>(size_of(bias.dtype)));
      }
    } else {
      values = random_bytes(random, DType::f32, channels, 0);
    }
    bias.data = std::make_shared<const Bytes>(values);
    node.inputs.push_back(g.add(bias));
  }
  node.outputs = {g.add(out)};
  g.inputs = {node.inputs[0]};
  g.outputs = node.outputs;
  g.nodes.push_back(node);
  return g;
}

/// Strides, paddings and the rest for a window; dilations are 1 in two of three.
inline Layer random_window(std::mt19937& random, const char* op, DType dtype) {
  Layer l;
  l.op = op;
  l.dtype = dtype;
  for (const char* name : {"stride_h", "stride_w"}) l.attrs.set(name, int64_t{between(random, 1, 3)});
  for (const char* name : {"dilation_h", "dilation_w"}) {
    l.attrs.set(name, int64_t{random() % 3 == 0 ? between(random, 2, 3) : 1});
  }
  for (const char* name : {"pad_top", "pad_left", "pad_bottom", "pad_right"}) {
    l.attrs.set(name, int64_t{between(random, 0, random() % 8 == 0 ? 6 : 2)});
  }
  l.attrs.set("activation", std::string(activations[random() % 4]));
  l.bias = random() % 4 != 0;
  l.per_channel = random() % 2 == 0;
  l.extremes = static_cast<int>(random() % 5 < 3 ? 0 : random() % 3);
  return l;
}

/// Any convolution, also in groups.
inline Layer random_conv_2d(std::mt19937& random, DType dtype) {
  Layer l = random_window(random, "conv_2d", dtype);
  const int32_t groups = random() % 4 == 0 ? between(random, 2, 3) : 1;
  const int32_t depth = between(random, 1, random() % 4 == 0 ? 40 : 9);
  l.input = {random() % 8 == 0 ? 2 : 1, between(random, 1, 9), between(random, 1, 9), groups * depth};
  l.weights = {groups * between(random, 1, 9), between(random, 1, 5), between(random, 1, 5), depth};
  return l;
}

/// 1x1 without padding.
inline Layer random_pointwise(std::mt19937& random, DType dtype) {
  Layer l = random_window(random, "conv_2d", dtype);
  for (const char* name : {"dilation_h", "dilation_w"}) l.attrs.set(name, int64_t{1});
  for (const char* name : {"pad_top", "pad_left", "pad_bottom", "pad_right"}) l.attrs.set(name, int64_t{0});
  if (random() % 2 == 0) {
    for (const char* name : {"stride_h", "stride_w"}) l.attrs.set(name, int64_t{1});
  }
  const int32_t c = between(random, 1, random() % 4 == 0 ? 70 : 20);
  l.input = {1, between(random, 1, 5), between(random, 1, 5), c};
  l.weights = {random() % 2 == 0 ? c : between(random, 1, 20), 1, 1, c};
  return l;
}

/// Depthwise, 3x3 taps, no dilation.
inline Layer random_depthwise_3x3(std::mt19937& random, DType dtype) {
  Layer l = random_window(random, "depthwise_conv_2d", dtype);
  for (const char* name : {"dilation_h", "dilation_w"}) l.attrs.set(name, int64_t{1});
  l.input = {random() % 8 == 0 ? 2 : 1, between(random, 1, 12), between(random, 1, random() % 2 == 0 ? 50 : 9),
             between(random, 1, random() % 4 == 0 ? 70 : 13)};
  l.weights = {1, 3, 3, l.input[3]};
  return l;
}

}  // namespace smelt::test
