// Whole int8 or int16 networks at random: convolutions, pools, residual sums, branches that join, reductions, a dense head.
#pragma once

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "ir/graph.hpp"

namespace smelt::test {

class RandomNetwork {
 public:
  explicit RandomNetwork(uint32_t seed, DType dtype = DType::i8) : random_(seed), dtype_(dtype) {}

  Graph make() {
    graph_.name = graph_.file = "random";
    const TensorId input = tensor({1, between(1, 14), between(1, 9), between(1, 6)});
    graph_.inputs = {input};
    std::vector<TensorId> maps = {input};
    const int layers = between(1, 9);
    for (int n = 0; n < layers; ++n) {
      const TensorId from = between(0, 3) == 0 ? maps[static_cast<size_t>(between(0, static_cast<int>(maps.size()) - 1))] : maps.back();
      maps.push_back(layer(from, maps));
    }
    TensorId last = maps.back();
    if (between(0, 1) == 0) last = head(last);
    if (graph_.is_input(last)) last = relu(last);
    graph_.outputs = {last};
    if (between(0, 5) == 0 && maps.size() > 2 && maps[1] != last) graph_.outputs.push_back(maps[1]);
    return graph_;
  }

 private:
  int between(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }
  float real(float low, float high) { return std::uniform_real_distribution<float>(low, high)(random_); }
  const Shape& shape(TensorId id) const { return graph_.at(id).shape; }

  bool int16() const { return dtype_ == DType::i16; }
  TensorId tensor(Shape shape) {
    if (int16()) return tensor(std::move(shape), {{real(0.0001F, 0.0005F)}, {0}, 0});
    return tensor(std::move(shape), {{real(0.02F, 0.1F)}, {between(0, 2) == 0 ? -128 : between(-128, 127)}, 0});
  }
  TensorId tensor(Shape shape, Quantization quant) {
    Tensor t;
    t.name = "t" + std::to_string(graph_.tensors.size());
    t.dtype = dtype_;
    t.shape = std::move(shape);
    t.quant = std::move(quant);
    return graph_.add(std::move(t));
  }

  TensorId weights(Shape shape, int axis, int channels) {
    Quantization q;
    q.axis = axis;
    for (int c = 0; c < channels; ++c) {
      q.scale.push_back(real(0.002F, 0.02F));
      q.zero_point.push_back(0);
    }
    Bytes bytes(static_cast<size_t>(elements(shape)));
    std::vector<bool> dead;
    for (int c = 0; c < channels; ++c) dead.push_back(between(0, 3) == 0);
    const size_t inner = axis == 0 ? bytes.size() / static_cast<size_t>(channels) : 1;
    for (size_t i = 0; i < bytes.size(); ++i) {
      const size_t c = axis == 0 ? i / inner : i % static_cast<size_t>(channels);
      bytes[i] = static_cast<uint8_t>(dead[c] ? 0 : between(-127, 127));
    }
    const TensorId id = tensor(std::move(shape), std::move(q));
    graph_.at(id).data = std::make_shared<const Bytes>(std::move(bytes));
    graph_.at(id).dtype = DType::i8;
    return id;
  }

  /// `any`: of int16 layers some have sums of 32 bits.
  TensorId bias(int channels, bool any = true) {
    Tensor t;
    t.name = "b" + std::to_string(graph_.tensors.size());
    t.dtype = int16() && (!any || between(0, 3) != 0) ? DType::i64 : DType::i32;
    t.shape = {channels};
    Bytes bytes;
    for (int c = 0; c < channels; ++c) {
      int64_t value = between(0, 20) == 0 ? between(-(1 << 29), 1 << 29) : between(-9000, 9000) * (int16() ? 256 : 1);
      if (t.dtype == DType::i64 && between(0, 20) == 0) value *= 1 << 12;
      for (int n = 0; n < size_of(t.dtype); ++n, value >>= 8) bytes.push_back(static_cast<uint8_t>(value));
    }
    t.data = std::make_shared<const Bytes>(std::move(bytes));
    return graph_.add(std::move(t));
  }

  TensorId add(const char* op, std::vector<TensorId> inputs, TensorId output, Attrs attrs) {
    Node node;
    node.op = op;
    node.inputs = std::move(inputs);
    node.outputs = {output};
    node.attrs = std::move(attrs);
    graph_.nodes.push_back(std::move(node));
    return output;
  }

  std::string activation() {
    static const std::vector<std::string> all = {"none", "relu", "relu6", "none"};
    return all[static_cast<size_t>(between(0, 3))];
  }

  /// Window attributes for a kernel; `out` becomes the output's height and width.
  Attrs window(TensorId from, int kh, int kw, bool dilate, const char* h, const char* w, int& out_h, int& out_w) {
    Attrs a;
    const int sh = between(0, 2) == 0 ? 2 : 1, sw = between(0, 2) == 0 ? 2 : 1;
    const int dh = dilate && between(0, 5) == 0 ? 2 : 1;
    const int span_h = dh * (kh - 1) + 1;
    const bool same = between(0, 3) != 0 || span_h > shape(from)[1] || kw > shape(from)[2];
    const auto out = [&](int size, int span, int stride, const char* before, const char* after) {
      const int n = same ? (size + stride - 1) / stride : (size - span) / stride + 1;
      const int total = same ? std::max(0, (n - 1) * stride + span - size) : 0;
      a.set(before, int64_t{total / 2});
      a.set(after, int64_t{total - total / 2});
      return n;
    };
    out_h = out(shape(from)[1], span_h, sh, "pad_top", "pad_bottom");
    out_w = out(shape(from)[2], kw, sw, "pad_left", "pad_right");
    a.set("stride_h", int64_t{sh});
    a.set("stride_w", int64_t{sw});
    if (dilate) {
      a.set("dilation_h", int64_t{dh});
      a.set("dilation_w", int64_t{1});
    } else {
      a.set(h, int64_t{kh});
      a.set(w, int64_t{kw});
    }
    return a;
  }

  TensorId relu(TensorId from) { return add("relu", {from}, tensor(shape(from)), {}); }

  TensorId convolution(TensorId from) {
    const int k = between(0, 1) == 0 ? 1 : between(1, 3), channels = between(1, 12);
    int h = 0, w = 0;
    Attrs a = window(from, k, k, true, "", "", h, w);
    a.set("activation", activation());
    const int in = shape(from)[3];
    const TensorId filter = weights({channels, k, k, in}, 0, channels);
    const TensorId b = bias(channels);
    return add("conv_2d", {from, filter, b}, tensor({1, h, w, channels}), std::move(a));
  }

  TensorId depthwise(TensorId from) {
    const int k = between(1, 4), multiplier = between(0, 4) == 0 ? 2 : 1, channels = shape(from)[3] * multiplier;
    int h = 0, w = 0;
    Attrs a = window(from, k, k, true, "", "", h, w);
    a.set("activation", activation());
    a.set("depth_multiplier", int64_t{multiplier});
    const TensorId filter = weights({1, k, k, channels}, 3, channels);
    const TensorId b = bias(channels, false);
    return add("depthwise_conv_2d", {from, filter, b}, tensor({1, h, w, channels}), std::move(a));
  }

  TensorId pool(TensorId from, const char* op) {
    int h = 0, w = 0;
    Attrs a = window(from, between(1, 3), between(1, 3), false, "filter_h", "filter_w", h, w);
    a.set("activation", std::string("none"));
    return add(op, {from}, tensor({1, h, w, shape(from)[3]}, graph_.at(from).quant), std::move(a));
  }

  TensorId layer(TensorId from, const std::vector<TensorId>& maps) {
    switch (between(0, 8)) {
      case 0: case 1: case 2: return convolution(from);
      case 3: case 4: return depthwise(from);
      case 5: return pool(from, between(0, 1) == 0 ? "average_pool_2d" : "max_pool_2d");
      case 6: return relu(from);
      default: break;
    }
    for (size_t i = maps.size(); i-- > 0;) {  // a partner to join with: the oldest paths make the longest delays
      const TensorId other = maps[maps.size() - 1 - i];
      if (other == from || shape(other) != shape(from)) continue;
      Attrs a;
      a.set("activation", activation());
      return add(between(0, 3) == 0 ? "mul" : "add", {other, from}, tensor(shape(from)), std::move(a));
    }
    return convolution(from);
  }

  TensorId head(TensorId from) {
    TensorId pooled = from;  // every third network flattens its last map instead
    if (between(0, 2) != 0) {
      Attrs mean;
      mean.set("axes", std::vector<int64_t>{1, 2});
      mean.set("keep_dims", int64_t{0});
      pooled = add("mean", {from}, tensor({1, shape(from)[3]}), std::move(mean));
    }
    int inputs = 1;
    for (const int32_t n : shape(pooled)) inputs *= n;
    const int classes = between(1, 10);
    Attrs dense;
    dense.set("activation", std::string("none"));
    dense.set("keep_num_dims", int64_t{0});
    const TensorId filter = weights({classes, inputs}, 0, classes);
    const TensorId b = bias(classes);
    const TensorId logits = add("fully_connected", {pooled, filter, b}, tensor({1, classes}), std::move(dense));
    Attrs soft;
    soft.set("beta", 1.0);
    const Quantization probabilities = int16() ? Quantization{{1.0F / 32768}, {0}, 0} : Quantization{{1.0F / 256}, {-128}, 0};
    return add("softmax", {logits}, tensor({1, classes}, probabilities), std::move(soft));
  }

  std::mt19937 random_;
  DType dtype_;
  Graph graph_;
};

}  // namespace smelt::test
