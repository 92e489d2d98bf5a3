#include "ops/convolution.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "lower/pack.hpp"
#include "ops/checks.hpp"

namespace smelt::convolution {

namespace {

constexpr int64_t max_window = 1 << 20;  // strides, paddings, reach of a window: far above use, far below overflow

bool quantized_per_tensor(const Tensor& t) { return t.quant.scale.size() == 1 && t.quant.zero_point.size() == 1; }

}  // namespace

Operands operands(const Graph& graph, const Node& node) {
  return {graph.at(node.in(0)), graph.at(node.in(1)), node.in(2) == no_tensor ? nullptr : &graph.at(node.in(2)),
          graph.at(node.out())};
}

Outcome check_operands(const Graph& graph, const Node& node, bool takes_int16) {
  if (node.inputs.size() < 2 || node.inputs.size() > 3 || node.in(0) == no_tensor || node.in(1) == no_tensor) {
    return fail(graph, node, "E0302", "the operator takes an input, weights, and at most a bias");
  }
  if (node.outputs.size() != 1) return fail(graph, node, "E0302", "the operator has exactly one output");
  const Operands o = operands(graph, node);
  const bool int16 = takes_int16 && o.input.dtype == DType::i16;
  if (o.input.dtype != DType::i8 && o.input.dtype != DType::f32 && !int16) {
    return fail(graph, node, "E0301", std::string("input type ") + to_string(o.input.dtype) + " is not supported",
                "quantize the model to int8 or leave it in float32");
  }
  if (o.weights.dtype != (int16 ? DType::i8 : o.input.dtype)) {
    return fail(graph, node, "E0301",
                std::string("weights of type ") + to_string(o.weights.dtype) + " with an input of type " +
                    to_string(o.input.dtype) + " are not supported",
                "quantize weights and activations alike (full integer quantization), or neither");
  }
  if (!o.weights.constant() || (o.bias != nullptr && !o.bias->constant())) {
    return fail(graph, node, "E0301", "weights and bias must be constant", "export the model with frozen weights");
  }
  const DType bias = o.input.dtype == DType::i8 ? DType::i32 : int16 ? DType::i64 : DType::f32;
  if (o.bias != nullptr && o.bias->dtype != bias &&
      !(int16 && (o.bias->dtype == DType::i64 || o.bias->dtype == DType::i32))) {
    return fail(graph, node, "E0301",
                std::string("a bias of type ") + to_string(o.bias->dtype) + " is not supported, " + to_string(bias) +
                    " is wanted");
  }
  return Done{};
}

Outcome check_quantization(const Graph& graph, const Node& node, int axis) {
  const Operands o = operands(graph, node);
  const int32_t channels = o.weights.shape.at(static_cast<size_t>(axis));
  if (o.bias != nullptr && elements(o.bias->shape) != channels) {
    return fail(graph, node, "E0303",
                "the bias has " + std::to_string(elements(o.bias->shape)) + " values for " + std::to_string(channels) +
                    " output channels");
  }
  if (o.input.dtype == DType::f32) return Done{};
  for (const Tensor* t : {&o.input, &o.output}) {
    if (!quantized_per_tensor(*t)) {
      return fail(graph, node, "E0304", "\"" + t->name + "\" needs one scale and one zero point",
                  "export the model with full integer quantization");
    }
  }
  const Quantization& q = o.weights.quant;
  if (q.scale.size() != q.zero_point.size() ||
      (q.scale.size() != 1 && q.scale.size() != static_cast<size_t>(channels)) || (q.per_channel() && q.axis != axis)) {
    return fail(graph, node, "E0304",
                "the weights need one scale or " + std::to_string(channels) + " along axis " + std::to_string(axis) +
                    ", not " + std::to_string(q.scale.size()) + " along axis " + std::to_string(q.axis));
  }
  if (std::any_of(q.zero_point.begin(), q.zero_point.end(), [](int32_t z) { return z != 0; })) {
    return fail(graph, node, "E0304", "int8 weights with a zero point other than 0 are not supported",
                "quantize the weights symmetrically");
  }
  return Done{};
}

Outcome take_window(const Graph& graph, Node& node) {
  const Operands o = operands(graph, node);
  if (o.input.shape.size() != 4 || o.weights.shape.size() != 4) {
    return fail(
        graph, node, "E0303",
        "input and weights must be of rank 4, not " + to_string(o.input.shape) + " and " + to_string(o.weights.shape));
  }
  const std::string padding = node.attrs.s("padding", "SAME");
  if (padding != "SAME" && padding != "VALID")
    return fail(graph, node, "E0301", "padding " + padding + " is not supported");
  const auto axis = [&](const char* raw_stride, const char* raw_dilation, size_t dim, const char* stride,
                        const char* dilation, const char* before, const char* after) {
    const int64_t s = node.attrs.i(raw_stride, 1);
    const int64_t d = node.attrs.i(raw_dilation, 1);
    if (s < 1 || s > max_window || d < 1 || d > max_window) return false;
    const int64_t in = o.input.shape[dim];
    const int64_t reach = (o.weights.shape[dim] - int64_t{1}) * d + 1;
    const int64_t out = padding == "SAME" ? (in + s - 1) / s : (in + s - reach) / s;
    const int64_t total = padding == "SAME" ? std::max<int64_t>((out - 1) * s + reach - in, 0) : 0;
    node.attrs.erase(raw_stride);
    node.attrs.erase(raw_dilation);
    node.attrs.set(stride, s);
    node.attrs.set(dilation, d);
    node.attrs.set(before, total / 2);
    node.attrs.set(after, total - total / 2);
    return true;
  };
  if (!axis("stride_h", "dilation_h_factor", 1, "stride_h", "dilation_h", "pad_top", "pad_bottom") ||
      !axis("stride_w", "dilation_w_factor", 2, "stride_w", "dilation_w", "pad_left", "pad_right")) {
    return fail(graph, node, "E0303", "strides and dilations must be at least 1", "the file contradicts itself");
  }
  node.attrs.erase("padding");
  node.attrs.erase("quantized_bias_type");  // meant for 16-bit activations
  return Done{};
}

Result<Geometry> geometry(const Graph& graph, const Node& node, int32_t out_c) {
  const Operands o = operands(graph, node);
  if (o.input.shape.size() != 4 || o.weights.shape.size() != 4) {
    return fail(
        graph, node, "E0303",
        "input and weights must be of rank 4, not " + to_string(o.input.shape) + " and " + to_string(o.weights.shape));
  }
  const auto bounded = [&](const char* name, int64_t low) {
    const int64_t v = node.attrs.i(name, low - 1);
    return v >= low && v <= max_window;
  };
  for (const char* name : {"stride_h", "stride_w", "dilation_h", "dilation_w"}) {
    if (!bounded(name, 1)) return fail(graph, node, "E0303", std::string(name) + " must be at least 1 and not absurd");
  }
  for (const char* name : {"pad_top", "pad_left", "pad_bottom", "pad_right"}) {
    if (!bounded(name, 0)) return fail(graph, node, "E0303", std::string(name) + " must be at least 0 and not absurd");
  }
  if (const Outcome a = checks::activation(graph, node); !a) return a.failure();
  const auto span = [&](size_t dim, const char* stride, const char* dilation, const char* before,
                        const char* after) -> int64_t {
    const int64_t reach = (o.weights.shape[dim] - int64_t{1}) * node.attrs.i(dilation) + 1;
    const int64_t room = o.input.shape[dim] + node.attrs.i(before) + node.attrs.i(after) - reach;
    return room < 0 || reach > max_window ? 0 : room / node.attrs.i(stride) + 1;
  };
  const int64_t out_h = span(1, "stride_h", "dilation_h", "pad_top", "pad_bottom");
  const int64_t out_w = span(2, "stride_w", "dilation_w", "pad_left", "pad_right");
  if (out_h < 1 || out_w < 1 || out_h > max_window || out_w > max_window) {
    return fail(graph, node, "E0303",
                "the window of " + to_string(o.weights.shape) + " does not fit the input " + to_string(o.input.shape));
  }
  const auto attr = [&](const char* name) { return static_cast<int32_t>(node.attrs.i(name)); };
  const Shape& in = o.input.shape;
  return Geometry{in[0],
                  in[1],
                  in[2],
                  in[3],
                  static_cast<int32_t>(out_h),
                  static_cast<int32_t>(out_w),
                  out_c,
                  o.weights.shape[1],
                  o.weights.shape[2],
                  attr("stride_h"),
                  attr("stride_w"),
                  attr("pad_top"),
                  attr("pad_left"),
                  attr("dilation_h"),
                  attr("dilation_w")};
}

std::vector<Multiplier> multipliers(const Operands& o, int32_t channels) {
  std::vector<Multiplier> all;
  for (int32_t c = 0; c < channels; ++c) {
    const double weights = o.weights.quant.scale[o.weights.quant.per_channel() ? static_cast<size_t>(c) : 0];
    all.push_back(quantize_multiplier(double{o.input.quant.scale[0]} * weights / double{o.output.quant.scale[0]}));
  }
  return all;
}

Channels channels(const Operands& o, const std::vector<Multiplier>& scales, bool channels_last) {
  const size_t n = scales.size();
  const int64_t count = elements(o.weights.shape);
  const int64_t taps = count / static_cast<int64_t>(n);
  std::vector<int64_t> sums(n), magnitudes(n);
  for (int64_t i = 0; i < count; ++i) {
    const auto c = static_cast<size_t>(channels_last ? i % static_cast<int64_t>(n) : i / taps);
    const int32_t w = o.weights.as<int8_t>()[i];
    sums[c] += w;
    magnitudes[c] += std::abs(w);
  }
  Channels made;
  for (size_t c = 0; c < n; ++c) {
    const int64_t bias = (o.bias != nullptr ? o.bias->as<int32_t>()[c] : 0) - o.input.quant.zero_point[0] * sums[c];
    made.all.push_back({static_cast<int32_t>(static_cast<uint32_t>(bias)), scales[c].multiplier, ~scales[c].shift});
  }
  made.scales = pack::scales(made.all, magnitudes);
  return made;
}

std::optional<WeightedSum> windowed_sum(const Node& node, const Operands& o, const Geometry& g, int32_t groups,
                                        bool outputs_last) {
  if (o.input.dtype != DType::i8) return std::nullopt;
  WeightedSum s{.outputs = g.out_c, .groups = groups, .depth = g.in_c / groups, .taps = g.kernel_h * g.kernel_w,
                .outputs_last = outputs_last, .tap_leaves = {}, .scales = multipliers(o, g.out_c),
                .clamp = quantized_activation(node.attrs.s("activation", "none"), o.output.quant, DType::i8)};
  const auto leaves = [](int64_t first, int64_t outputs, int64_t stride, int64_t size) {
    return first < 0 || first + (outputs - 1) * stride >= size;
  };
  for (int32_t kh = 0; kh < g.kernel_h; ++kh) {
    const bool vertically = leaves(int64_t{kh} * g.dilation_h - g.pad_top, g.out_h, g.stride_h, g.in_h);
    for (int32_t kw = 0; kw < g.kernel_w; ++kw) {
      const bool horizontally = leaves(int64_t{kw} * g.dilation_w - g.pad_left, g.out_w, g.stride_w, g.in_w);
      s.tap_leaves.push_back(vertically || horizontally ? 1 : 0);
    }
  }
  return s;
}

Clamp clamp_s8(const Node& node, const Tensor& output) {
  const ActivationRange range = quantized_activation(node.attrs.s("activation", "none"), output.quant, DType::i8);
  return {output.quant.zero_point[0] - range.low, range.high - range.low, range.low};
}

std::vector<float> biases(const Operands& o, int32_t channels) {
  if (o.bias == nullptr) return std::vector<float>(static_cast<size_t>(channels));
  return {o.bias->as<float>(), o.bias->as<float>() + channels};
}

namespace {

TensorId add_floats(Graph& graph, Tensor t, const std::vector<float>& values) {
  Bytes bytes(values.size() * sizeof(float));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  t.dtype = DType::f32;
  t.data = std::make_shared<const Bytes>(std::move(bytes));
  t.quant = {};
  t.source = -1;
  return graph.add(std::move(t));
}

/// `channel(i)`: the output channel of weight i.
template <class F>
bool scale_outputs(Graph& graph, Node& node, const std::vector<float>& scale, const std::vector<float>& shift, F channel) {
  const Operands o = operands(graph, node);
  if (o.input.dtype != DType::f32 || node.attrs.s("activation", "none") != "none") return false;
  std::vector<float> bias = biases(o, static_cast<int32_t>(scale.size()));
  for (size_t c = 0; c < bias.size(); ++c) bias[c] = bias[c] * scale[c] + shift[c];
  Tensor b{o.weights.name + "/bias", DType::f32, {static_cast<int32_t>(bias.size())}, {}, nullptr, -1};
  if (o.bias != nullptr) b = *o.bias;
  if (std::any_of(scale.begin(), scale.end(), [](float s) { return s != 1; })) {  // else they stay on their grid
    std::vector<float> weights(o.weights.as<float>(), o.weights.as<float>() + elements(o.weights.shape));
    for (size_t i = 0; i < weights.size(); ++i) weights[i] *= scale[channel(i)];
    node.inputs[1] = add_floats(graph, o.weights, weights);
  }
  node.inputs.resize(3);
  node.inputs[2] = add_floats(graph, std::move(b), bias);
  return true;
}

}  // namespace

bool scale_first_axis(Graph& graph, Node& node, const std::vector<float>& scale, const std::vector<float>& shift) {
  const size_t each = static_cast<size_t>(elements(graph.at(node.in(1)).shape)) / scale.size();
  return scale_outputs(graph, node, scale, shift, [=](size_t i) { return i / each; });
}

bool scale_last_axis(Graph& graph, Node& node, const std::vector<float>& scale, const std::vector<float>& shift) {
  return scale_outputs(graph, node, scale, shift, [n = scale.size()](size_t i) { return i % n; });
}

Clamp clamp_f32(const Node& node) {
  const FloatRange range = float_activation(node.attrs.s("activation", "none"));
  return {float_bits(range.low), float_bits(range.high), 0};
}

}  // namespace smelt::convolution
