// Small int8 networks built node by node, for the passes over channels.
#pragma once

#include <cstring>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "ops/op.hpp"

namespace smelt::test {

class Net {
 public:
  explicit Net(uint32_t seed = 1) : random(seed) { graph.name = "net"; }

  Graph graph;
  std::mt19937 random;
  float scale = 0.1F;         ///< of the tensors that come next
  int zero = -100;            ///< their zero point; with relu, what is clamped holds it
  float weight_scale = 0.02F;
  bool per_channel = true;
  bool with_bias = true;
  std::string activation = "relu";

  int draw(int low, int high) { return low + static_cast<int>(random() % static_cast<uint32_t>(high - low + 1)); }

  TensorId tensor(const Shape& shape) {
    Tensor t;
    t.name = "t" + std::to_string(graph.tensors.size());
    t.dtype = DType::i8;
    t.shape = shape;
    t.quant = {{scale}, {zero}, 0};
    return graph.add(t);
  }

  TensorId input(const Shape& shape) {
    const TensorId id = tensor(shape);
    graph.inputs.push_back(id);
    return id;
  }

  template <class T>
  TensorId constant(const Shape& shape, const std::vector<T>& values, const Quantization& quant) {
    Tensor t;
    t.name = "c" + std::to_string(graph.tensors.size());
    t.dtype = sizeof(T) == 1 ? DType::i8 : DType::i32;
    t.shape = shape;
    t.quant = quant;
    Bytes bytes(values.size() * sizeof(T));
    std::memcpy(bytes.data(), values.data(), bytes.size());
    t.data = std::make_shared<const Bytes>(std::move(bytes));
    return graph.add(t);
  }

  TensorId node(const std::string& op, const std::vector<TensorId>& inputs, const Shape& out, const Attrs& attrs = {}) {
    Node n;
    n.op = op;
    n.inputs = inputs;
    n.attrs = attrs;
    n.outputs = {tensor(out)};
    graph.nodes.push_back(n);
    return n.outputs[0];
  }

  /// kernel x kernel, random weights and biases; `same`: padded to keep the size.
  TensorId conv(TensorId in, int channels, int kernel = 1, bool same = false, int stride = 1, int groups = 1) {
    const Shape s = graph.at(in).shape;
    const int depth = s[3] / groups;
    const auto weights = random_weights(static_cast<size_t>(channels * kernel * kernel * depth));
    const TensorId w = constant<int8_t>({channels, kernel, kernel, depth}, weights, weight_quant(channels, 0));
    return windowed("conv_2d", in, w, channels, kernel, same, stride);
  }

  TensorId depthwise(TensorId in, int kernel = 3, bool same = true, int stride = 1, int multiplier = 1) {
    const int channels = graph.at(in).shape[3] * multiplier;
    const auto weights = random_weights(static_cast<size_t>(channels * kernel * kernel));
    const TensorId w = constant<int8_t>({1, kernel, kernel, channels}, weights, weight_quant(channels, 3));
    return windowed("depthwise_conv_2d", in, w, channels, kernel, same, stride);
  }

  TensorId dense(TensorId in, int units) {
    const auto depth = static_cast<int>(elements(graph.at(in).shape));
    const TensorId w = constant<int8_t>({units, depth}, random_weights(static_cast<size_t>(units * depth)), weight_quant(units, 0));
    Attrs a;
    a.set("activation", activation);
    a.set("keep_num_dims", int64_t{0});
    return node("fully_connected", {in, w, bias(units)}, {1, units}, a);
  }

  /// Weights and biases of the node that makes `out`, to be changed.
  void edit(TensorId out, const std::function<void(std::vector<int8_t>& weights, std::vector<int32_t>& biases)>& change) {
    const Node& n = graph.nodes.at(static_cast<size_t>(graph.producer(out)));
    Tensor& w = graph.at(n.in(1));
    std::vector<int8_t> weights(w.as<int8_t>(), w.as<int8_t>() + elements(w.shape));
    std::vector<int32_t> biases;
    if (n.in(2) != no_tensor) biases.assign(graph.at(n.in(2)).as<int32_t>(), graph.at(n.in(2)).as<int32_t>() + elements(graph.at(n.in(2)).shape));
    change(weights, biases);
    const auto store = [](Tensor& t, const void* from) {
      Bytes bytes(static_cast<size_t>(t.bytes()));
      std::memcpy(bytes.data(), from, bytes.size());
      t.data = std::make_shared<const Bytes>(std::move(bytes));
    };
    store(w, weights.data());
    if (n.in(2) != no_tensor) store(graph.at(n.in(2)), biases.data());
  }

  /// All weights of output channel `o` become 0.
  void zero_output(TensorId out, int o, int bias) {
    const Shape w = graph.at(graph.nodes.at(static_cast<size_t>(graph.producer(out))).in(1)).shape;
    const bool last = w.size() == 4 && graph.nodes.at(static_cast<size_t>(graph.producer(out))).op == "depthwise_conv_2d";
    const auto outputs = static_cast<size_t>(last ? w[3] : w[0]);
    edit(out, [&](std::vector<int8_t>& weights, std::vector<int32_t>& biases) {
      for (size_t k = 0; k < weights.size(); ++k) {
        if ((last ? k % outputs : k / (weights.size() / outputs)) == static_cast<size_t>(o)) weights[k] = 0;
      }
      if (!biases.empty()) biases[static_cast<size_t>(o)] = bias;
    });
  }

  /// The weights of all outputs for input channel `c` become 0 (not for depthwise).
  void zero_input(TensorId out, int c, int channels) {
    edit(out, [&](std::vector<int8_t>& weights, std::vector<int32_t>&) {
      for (size_t k = static_cast<size_t>(c); k < weights.size(); k += static_cast<size_t>(channels)) weights[k] = 0;
    });
  }

  const Graph& finish(const std::vector<TensorId>& outputs) {
    graph.outputs = outputs;
    return graph;
  }

 private:
  std::vector<int8_t> random_weights(size_t n) {
    std::vector<int8_t> w(n);
    for (int8_t& x : w) x = static_cast<int8_t>(draw(-127, 127));
    return w;
  }
  Quantization weight_quant(int channels, int axis) {
    Quantization q{{weight_scale}, {0}, 0};
    if (per_channel && channels > 1) {
      for (int c = 1; c < channels; ++c) q.scale.push_back(weight_scale * static_cast<float>(draw(1, 3)));
      q.zero_point.assign(q.scale.size(), 0);
      q.axis = axis;
    }
    return q;
  }
  TensorId bias(int channels) {
    if (!with_bias) return no_tensor;
    std::vector<int32_t> b(static_cast<size_t>(channels));
    for (int32_t& x : b) x = draw(-3000, 3000);
    return constant<int32_t>({channels}, b, {});
  }
  TensorId windowed(const char* op, TensorId in, TensorId w, int channels, int kernel, bool same, int stride) {
    const Shape s = graph.at(in).shape;
    Attrs a;
    Shape out = s;
    out[3] = channels;
    for (size_t d : {size_t{1}, size_t{2}}) {
      out[d] = same ? (s[d] + stride - 1) / stride : (s[d] - kernel) / stride + 1;
      const int total = same ? std::max((out[d] - 1) * stride + kernel - s[d], 0) : 0;
      a.set(d == 1 ? "pad_top" : "pad_left", int64_t{total / 2});
      a.set(d == 1 ? "pad_bottom" : "pad_right", int64_t{total - total / 2});
    }
    for (const char* name : {"stride_h", "stride_w"}) a.set(name, int64_t{stride});
    for (const char* name : {"dilation_h", "dilation_w"}) a.set(name, int64_t{1});
    a.set("activation", activation);
    return node(op, {in, w, bias(channels)}, out, a);
  }
};

}  // namespace smelt::test
