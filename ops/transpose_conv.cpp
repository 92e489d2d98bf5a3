// Transposed convolution in NHWC, filters [output channel, row, column, input channel]: input pixel (y, x) adds to the
// output's window from (y * stride_h - pad_top, x * stride_w - pad_left) on. The output's size is in attributes out_h, out_w.
// Source: TensorFlow Lite, kernels/transpose_conv.cc, kernels/internal/reference/{transpose_conv,
// integer_ops/transpose_conv}.h.
#include "runtime/ops/transpose_conv.hpp"

#include <algorithm>

#include "lower/pack.hpp"
#include "ops/checks.hpp"
#include "ops/convolution.hpp"
#include "ops/raw.hpp"

namespace smelt {
namespace {

using convolution::Operands;

constexpr int64_t largest = 1 << 15;  // of strides, paddings and windows: keeps positions within 32 bits

/// The file's padding is that of the convolution which this one turns around: from the output to the input.
int64_t padding_before(const std::string& word, int64_t out, int64_t stride, int64_t kernel) {
  if (word != "SAME") return 0;
  return std::max<int64_t>(0, ((out + stride - 1) / stride - 1) * stride + kernel - out) / 2;
}

/// Inputs of the file: output shape, weights, input, bias. Of the node: input, weights, bias.
Outcome normalize(Graph& graph, Node& node) {
  if (node.inputs.size() < 3 || node.in(1) == no_tensor || node.in(2) == no_tensor || node.outputs.size() != 1) {
    return fail(graph, node, "E0302", "the operator takes an output shape, weights, an input, and at most a bias");
  }
  const auto size = checks::constant_ints(graph, node, 0, "output shape");
  if (!size) return size.failure();
  const Shape& weights = graph.at(node.in(1)).shape;
  if (size->size() != 4 || weights.size() != 4) {
    return fail(graph, node, "E0303", "output shape and weights must be of rank 4");
  }
  const std::string padding = node.attrs.s("padding", "SAME");
  if (padding != "SAME" && padding != "VALID") return fail(graph, node, "E0301", "padding " + padding + " is not supported");
  for (const char* stride : {"stride_h", "stride_w"}) {
    if (Outcome o = checks::attribute(graph, node, stride, 1, largest); !o) return o;
  }
  node.attrs.set("out_h", (*size)[1]);
  node.attrs.set("out_w", (*size)[2]);
  node.attrs.set("pad_top", padding_before(padding, (*size)[1], node.attrs.i("stride_h"), weights[1]));
  node.attrs.set("pad_left", padding_before(padding, (*size)[2], node.attrs.i("stride_w"), weights[2]));
  for (const char* raw : {"padding", "quantized_bias_type"}) node.attrs.erase(raw);
  node.inputs.erase(node.inputs.begin());
  std::swap(node.inputs[0], node.inputs[1]);
  return checks::take_activation(graph, node);
}

Result<std::vector<TensorType>> infer(const Graph& graph, const Node& node) {
  if (const Outcome o = convolution::check_operands(graph, node); !o) return o.failure();
  if (const Outcome o = checks::activation(graph, node); !o) return o.failure();
  const Operands o = convolution::operands(graph, node);
  const Shape& in = o.input.shape;
  const Shape& w = o.weights.shape;
  if (in.size() != 4 || w.size() != 4 || in[3] != w[3]) {
    return fail(graph, node, "E0303", "filters of " + to_string(w) + " do not fit the input " + to_string(in));
  }
  for (const char* name : {"stride_h", "stride_w", "out_h", "out_w"}) {
    if (Outcome c = checks::attribute(graph, node, name, 1, largest); !c) return c.failure();
  }
  for (const char* name : {"pad_top", "pad_left"}) {
    if (Outcome c = checks::attribute(graph, node, name, 0, largest); !c) return c.failure();
  }
  // 2^16 products of int8 less a zero point and int8 fit a sum of 32 bits.
  if (int64_t{w[1]} * w[2] * w[3] >= 1 << 16 || w[1] > largest || w[2] > largest || in[1] > largest || in[2] > largest) {
    return fail(graph, node, "E0303", "filters of " + to_string(w) + " on " + to_string(in) + " are too large");
  }
  if (const Outcome q = convolution::check_quantization(graph, node, 0); !q) return q.failure();
  const auto attr = [&](const char* name) { return static_cast<int32_t>(node.attrs.i(name)); };
  return std::vector<TensorType>{{o.input.dtype, {in[0], attr("out_h"), attr("out_w"), w[0]}}};
}

/// Calls meet(output index, input index, weight index) for every product, in the reference's order.
template <class F>
void each_product(const Evaluation& e, F meet) {
  const Shape& in = e.in[0]->type->shape;
  const Shape& w = e.in[1]->type->shape;
  const Shape& out = e.out[0]->type->shape;
  const auto attr = [&](const char* name) { return e.node.attrs.i(name); };
  for (int64_t b = 0; b < in[0]; ++b) {
    for (int64_t y = 0; y < in[1]; ++y) {
      for (int64_t x = 0; x < in[2]; ++x) {
        for (int64_t i = 0; i < in[3]; ++i) {
          for (int64_t kh = 0; kh < w[1]; ++kh) {
            for (int64_t kw = 0; kw < w[2]; ++kw) {
              const int64_t oy = y * attr("stride_h") - attr("pad_top") + kh;
              const int64_t ox = x * attr("stride_w") - attr("pad_left") + kw;
              if (oy < 0 || oy >= out[1] || ox < 0 || ox >= out[2]) continue;
              for (int64_t o = 0; o < out[3]; ++o) {
                meet(((b * out[1] + oy) * out[2] + ox) * out[3] + o, ((b * in[1] + y) * in[2] + x) * in[3] + i,
                     ((o * w[1] + kh) * w[2] + kw) * w[3] + i);
              }
            }
          }
        }
      }
    }
  }
}

void evaluate(const Evaluation& e) {
  const Operands o = convolution::operands(e.graph, e.node);
  const std::string activation = e.node.attrs.s("activation", "none");
  const int32_t channels = o.weights.shape[0];
  const auto count = static_cast<size_t>(elements(o.output.shape));
  if (o.input.dtype == DType::f32) {
    const FloatRange range = float_activation(activation);
    float* y = e.out[0]->as<float>();
    each_product(e, [&](int64_t to, int64_t i, int64_t w) { y[to] += e.in[0]->as<float>()[i] * e.in[1]->as<float>()[w]; });
    for (size_t i = 0; i < count; ++i) {
      const float bias = o.bias != nullptr ? o.bias->as<float>()[i % static_cast<size_t>(channels)] : 0;
      y[i] = std::min(std::max(y[i] + bias, range.low), range.high);
    }
    return;
  }
  std::vector<int64_t> sums(count);
  const int32_t zero = o.input.quant.zero_point[0];
  each_product(e, [&](int64_t to, int64_t i, int64_t w) {
    sums[static_cast<size_t>(to)] += (e.in[0]->as<int8_t>()[i] - zero) * e.in[1]->as<int8_t>()[w];
  });
  const std::vector<Multiplier> scales = convolution::multipliers(o, channels);
  const ActivationRange range = quantized_activation(activation, o.output.quant, DType::i8);
  for (size_t i = 0; i < count; ++i) {
    const size_t c = i % static_cast<size_t>(channels);
    const int64_t sum = sums[i] + (o.bias != nullptr ? o.bias->as<int32_t>()[c] : 0);
    const int32_t scaled = oracle::requantize(static_cast<int32_t>(static_cast<uint32_t>(sum)), scales[c]);
    e.out[0]->as<int8_t>()[i] = static_cast<int8_t>(
        std::clamp<int64_t>(int64_t{scaled} + o.output.quant.zero_point[0], range.low, range.high));
  }
}

/// Rows of the input that each row of the output gathers.
std::vector<RowRange> rows_needed(const TransposeConv& p, int32_t images) {
  std::vector<RowRange> needs;
  for (int32_t b = 0; b < images; ++b) {
    for (int32_t y = 0; y < p.out_h; ++y) {
      const int32_t at = y + p.pad_top;
      const int32_t end = std::min(p.in_h, at / p.stride_h + 1);
      const int32_t first = at < p.kernel_h ? 0 : std::min(end, (at - p.kernel_h) / p.stride_h + 1);
      needs.push_back({b * p.in_h + first, b * p.in_h + end});
    }
  }
  return needs;
}

Outcome lower(Lowering& l) {
  const Operands o = convolution::operands(l.graph, l.node);
  const Shape& in = o.input.shape;
  const Shape& w = o.weights.shape;
  const auto attr = [&](const char* name) { return static_cast<int32_t>(l.node.attrs.i(name)); };
  TransposeConv p{};
  p.in_h = in[1];
  p.in_w = in[2];
  p.in_c = in[3];
  p.out_h = attr("out_h");
  p.out_w = attr("out_w");
  p.out_c = w[0];
  p.stride_h = attr("stride_h");
  p.stride_w = attr("stride_w");
  p.pad_top = attr("pad_top");
  p.pad_left = attr("pad_left");
  p.kernel_h = w[1];
  p.kernel_w = w[2];
  const auto weights = static_cast<size_t>(elements(w));
  if (o.input.dtype == DType::i8) {
    std::vector<Channel> channels;
    for (const Multiplier& m : convolution::multipliers(o, p.out_c)) {
      channels.push_back({o.bias != nullptr ? o.bias->as<int32_t>()[channels.size()] : 0, m.multiplier, ~m.shift});
    }
    const auto* from = o.weights.as<int8_t>();
    p.weights = static_cast<int32_t>(l.pool.add(l.name("weights"), std::vector<int8_t>(from, from + weights)));
    p.channels = static_cast<int32_t>(l.pool.add(l.name("channels"), pack::words(channels)));
    p.zero = o.input.quant.zero_point[0];
    p.to = convolution::clamp_s8(l.node, o.output);
    l.kernel("ops/transpose_conv.hpp", SMELT_KERNEL(transpose_conv_s8));
  } else {
    const auto* from = o.weights.as<float>();
    p.weights = static_cast<int32_t>(l.pool.add(l.name("weights"), std::vector<float>(from, from + weights)));
    p.channels = static_cast<int32_t>(l.pool.add(l.name("bias"), convolution::biases(o, p.out_c)));
    p.to = convolution::clamp_f32(l.node);
    l.kernel("ops/transpose_conv.hpp", SMELT_KERNEL(transpose_conv_f32));
  }
  l.params("smelt::TransposeConv", p,
           "in_h in_w in_c out_h out_w out_c stride_h stride_w pad_top pad_left kernel_h kernel_w weights channels zero "
           "to.offset to.span to.low");
  std::vector<RowRange> makes;
  for (int32_t r = 0; r < in[0] * p.out_h; ++r) makes.push_back({r, r + 1});
  l.steps(in[0] * p.out_h, {rows_needed(p, in[0])}, {makes});
  l.scratch(p.out_c * 4);
  return Done{};
}

int64_t macs(const Graph& graph, const Node& node) {
  const Shape& in = graph.at(node.in(0)).shape;
  return elements(in) * elements(graph.at(node.in(1)).shape) / in.back();
}

Outcome denormalize(Graph& graph, Node& node) {
  const auto attr = [&](const char* name) { return node.attrs.i(name); };
  const Shape& w = graph.at(node.in(1)).shape;
  std::string padding;
  for (const char* word : {"VALID", "SAME"}) {
    if (padding_before(word, attr("out_h"), attr("stride_h"), w[1]) == attr("pad_top") &&
        padding_before(word, attr("out_w"), attr("stride_w"), w[2]) == attr("pad_left")) {
      padding = word;
    }
  }
  if (padding.empty()) {
    return fail(graph, node, "E0310", "the padding is neither SAME nor VALID, and a .tflite file knows no other here");
  }
  std::vector<int64_t> size;
  for (int32_t d : graph.at(node.out()).shape) size.push_back(d);
  std::swap(node.inputs[0], node.inputs[1]);
  raw::put_ints(graph, node, size, "shape");
  std::rotate(node.inputs.begin(), node.inputs.end() - 1, node.inputs.end());
  for (const char* ours : {"out_h", "out_w", "pad_top", "pad_left"}) node.attrs.erase(ours);
  node.attrs.set("padding", padding);
  raw::put_activation(node);
  raw::name(node, "TRANSPOSE_CONV", "TransposeConvOptions");
  return Done{};
}

}  // namespace

extern const OpDef op_transpose_conv;
const OpDef op_transpose_conv = {.name = "transpose_conv",
                                 .tflite = {"TRANSPOSE_CONV"},
                                 .normalize = normalize,
                                 .infer = infer,
                                 .evaluate = evaluate,
                                 .lower = lower,
                                 .macs = macs,
                                 .fuses_activation = true,
                                 .rescales = true,
                                 .scale_output = convolution::scale_first_axis,
                                 .filter_axis = 0,
                                 .denormalize = denormalize};

}  // namespace smelt
