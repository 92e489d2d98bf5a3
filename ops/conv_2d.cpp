// Convolution in NHWC, filters [output channel, row, column, input channel of its group]; the group count is what the
// two channel counts imply. Source: TensorFlow Lite, kernels/conv.cc, reference/integer_ops/conv.h, reference/conv.h.
#include "runtime/ops/conv_2d_swar.hpp"

#include <algorithm>
#include <cstdlib>

#include "lower/pack.hpp"
#include "ops/checks.hpp"
#include "ops/convolution.hpp"
#include "ops/helium.hpp"
#include "ops/layers_s16.hpp"
#include "ops/raw.hpp"
#include "ops/windows.hpp"

namespace smelt {
namespace {

using convolution::Geometry;
using convolution::Operands;

Outcome normalize(Graph& graph, Node& node) {
  if (const Outcome o = convolution::check_operands(graph, node, true); !o) return o;
  if (const Outcome o = checks::take_activation(graph, node); !o) return o;
  if (const Outcome o = layers_s16::take_bias_type(graph, node); !o) return o;
  return convolution::take_window(graph, node);
}

Result<Geometry> check(const Graph& graph, const Node& node) {
  if (const Outcome o = convolution::check_operands(graph, node, true); !o) return o.failure();
  const Operands o = convolution::operands(graph, node);
  Result<Geometry> g = convolution::geometry(graph, node, o.weights.shape.empty() ? 0 : o.weights.shape[0]);
  if (!g) return g;
  const int32_t depth = o.weights.shape[3];
  if (g->in_c % depth != 0 || g->out_c % (g->in_c / depth) != 0) {
    return fail(graph, node, "E0303",
                "filters of " + to_string(o.weights.shape) + " do not divide " + std::to_string(g->in_c) +
                    " input channels into groups");
  }
  // 2^17 products of int8 and int8 fit a sum of 32 bits.
  if (int64_t{g->kernel_h} * g->kernel_w * depth >= 1 << 17) {
    return fail(graph, node, "E0303", "filters of " + to_string(o.weights.shape) + " are too large");
  }
  if (const Outcome q = convolution::check_quantization(graph, node, 0); !q) return q.failure();
  if (o.input.dtype == DType::i16) {
    const int64_t taps = int64_t{g->kernel_h} * g->kernel_w * depth;
    const Outcome q = layers_s16::check(graph, node, convolution::multipliers(o, g->out_c), taps);
    if (!q) return q.failure();
  }
  return g;
}

Geometry geometry(const Graph& graph, const Node& node) { return *check(graph, node); }

Result<std::vector<TensorType>> infer(const Graph& graph, const Node& node) {
  const Result<Geometry> g = check(graph, node);
  if (!g) return g.failure();
  return std::vector<TensorType>{{graph.at(node.in(0)).dtype, g->output()}};
}

/// Calls tap(input value index, weight index) for every tap of one output that lies in the image, in the reference's
/// order.
template <class F>
void each_tap(const Geometry& g, int32_t depth, int32_t b, int32_t y, int32_t x, int32_t o, F tap) {
  const int32_t group = o / (g.out_c / (g.in_c / depth));
  for (int32_t kh = 0; kh < g.kernel_h; ++kh) {
    const int32_t in_y = y * g.stride_h - g.pad_top + kh * g.dilation_h;
    for (int32_t kw = 0; kw < g.kernel_w; ++kw) {
      const int32_t in_x = x * g.stride_w - g.pad_left + kw * g.dilation_w;
      if (in_y < 0 || in_y >= g.in_h || in_x < 0 || in_x >= g.in_w) continue;
      for (int32_t i = 0; i < depth; ++i) {
        tap(((int64_t{b} * g.in_h + in_y) * g.in_w + in_x) * g.in_c + group * depth + i,
            ((int64_t{o} * g.kernel_h + kh) * g.kernel_w + kw) * depth + i);
      }
    }
  }
}

/// Calls output(index, batch, row, column, channel) for every output.
template <class F>
void each_output(const Geometry& g, F output) {
  int64_t index = 0;
  for (int32_t b = 0; b < g.batches; ++b) {
    for (int32_t y = 0; y < g.out_h; ++y) {
      for (int32_t x = 0; x < g.out_w; ++x) {
        for (int32_t o = 0; o < g.out_c; ++o) output(index++, b, y, x, o);
      }
    }
  }
}

void evaluate_s8(const Evaluation& e, const Geometry& g, const Operands& o) {
  const auto* in = e.in[0]->as<int8_t>();
  const auto* weights = e.in[1]->as<int8_t>();
  auto* out = e.out[0]->as<int8_t>();
  const std::vector<Multiplier> scales = convolution::multipliers(o, g.out_c);
  const ActivationRange range = quantized_activation(e.node.attrs.s("activation", "none"), o.output.quant, DType::i8);
  each_output(g, [&](int64_t index, int32_t b, int32_t y, int32_t x, int32_t c) {
    int64_t sum = 0;
    each_tap(g, o.weights.shape[3], b, y, x, c,
             [&](int64_t i, int64_t w) { sum += (in[i] - o.input.quant.zero_point[0]) * weights[w]; });
    if (o.bias != nullptr) sum += o.bias->as<int32_t>()[c];
    const int32_t scaled =
        oracle::requantize(static_cast<int32_t>(static_cast<uint32_t>(sum)), scales[static_cast<size_t>(c)]);
    out[index] =
        static_cast<int8_t>(std::clamp<int64_t>(int64_t{scaled} + o.output.quant.zero_point[0], range.low, range.high));
  });
}

void evaluate_s16(const Evaluation& e, const Geometry& g, const Operands& o) {
  const std::vector<Multiplier> scales = convolution::multipliers(o, g.out_c);
  each_output(g, [&](int64_t index, int32_t b, int32_t y, int32_t x, int32_t c) {
    int64_t sum = 0;
    each_tap(g, o.weights.shape[3], b, y, x, c,
             [&](int64_t i, int64_t w) { sum += e.in[0]->as<int16_t>()[i] * e.in[1]->as<int8_t>()[w]; });
    e.out[0]->as<int16_t>()[index] = layers_s16::stored(e.node, o, scales[static_cast<size_t>(c)], c, sum);
  });
}

void evaluate_f32(const Evaluation& e, const Geometry& g, const Operands& o) {
  const auto* in = e.in[0]->as<float>();
  const auto* weights = e.in[1]->as<float>();
  auto* out = e.out[0]->as<float>();
  const FloatRange range = float_activation(e.node.attrs.s("activation", "none"));
  each_output(g, [&](int64_t index, int32_t b, int32_t y, int32_t x, int32_t c) {
    float sum = 0;
    each_tap(g, o.weights.shape[3], b, y, x, c, [&](int64_t i, int64_t w) { sum += in[i] * weights[w]; });
    out[index] = std::min(std::max(sum + (o.bias != nullptr ? o.bias->as<float>()[c] : 0.0F), range.low), range.high);
  });
}

void evaluate(const Evaluation& e) {
  const Geometry g = geometry(e.graph, e.node);
  const Operands o = convolution::operands(e.graph, e.node);
  if (o.input.dtype == DType::i16) return evaluate_s16(e, g, o);
  return o.input.dtype == DType::i8 ? evaluate_s8(e, g, o) : evaluate_f32(e, g, o);
}

/// Offset of the weights as the kernels of set_kernel want them; empty where they do not bear them.
std::optional<int32_t> add_weights(Lowering& l, const int8_t* w, const Conv2D& p, int32_t taps,
                                   const std::vector<Scale>& scales) {
  const auto add = [&l](const auto& packed) {
    return packed ? std::optional(static_cast<int32_t>(l.pool.add(l.name("weights"), *packed, 4))) : std::nullopt;
  };
  if (l.vector == Vector::swar) return add(pack::swar_blocks(w, p.groups, p.group_out, taps, scales));
  return add(pack::pair_blocks(w, p.groups, p.group_out, taps, scales));
}

void set_kernel(Lowering& l, bool pointwise, bool small) {
  if (l.vector == Vector::swar) {
    const char* header = "ops/conv_2d_swar.hpp";
    if (pointwise) return l.kernel(header, SMELT_KERNEL(pointwise_swar_s8));
    if (small) return l.kernel(header, SMELT_KERNEL(conv_2d_small_swar_s8));
    return l.kernel(header, SMELT_KERNEL(conv_2d_swar_s8));
  }
  if (pointwise) return l.kernel("ops/conv_2d.hpp", SMELT_KERNEL(pointwise_s8));
  if (small) return l.kernel("ops/conv_2d.hpp", SMELT_KERNEL(conv_2d_small_s8));
  return l.kernel("ops/conv_2d.hpp", SMELT_KERNEL(conv_2d_s8));
}

/// Bytes of a tap in the patch of set_kernel's kernels, that of one which holds a window's bytes beside it included.
int32_t tap_bytes(const Lowering& l, const Conv2D& p, bool pointwise, bool small) {
  if (l.vector == Vector::swar) return small ? 2 : 4;
  return (small ? 2 : 4) + (pointwise || p.depth % 4 == 0 ? 0 : 1);  // two pixels of 16 bits, or 8
}

Outcome lower(Lowering& l) {
  const Geometry g = geometry(l.graph, l.node);
  const Operands o = convolution::operands(l.graph, l.node);
  if (o.input.dtype == DType::i16) return layers_s16::lower_conv_2d(l, g, o);
  const bool integer = o.input.dtype == DType::i8;
  const int32_t depth = o.weights.shape[3];
  const int32_t groups = g.in_c / depth;
  const int32_t taps = g.kernel_h * g.kernel_w * depth;
  Conv2D p = convolution::conv_2d(g, depth);
  p.taps = integer ? pack::round_up(taps, 4) : taps;
  bool pointwise = false, small = false;
  std::optional<int32_t> weights;  // as the fast kernels want them
  if (integer) {
    const auto* w = o.weights.as<int8_t>();
    const auto [channels, scales] = convolution::channels(o, convolution::multipliers(o, g.out_c));
    if (l.vector == Vector::helium && scales && helium::conv_2d(l, g, o, *scales)) return Done{};
    if (scales) weights = add_weights(l, w, p, taps, *scales);
    p.zero = o.input.quant.zero_point[0];
    p.to = convolution::clamp_s8(l.node, o.output);
    if (weights) {
      p.weights = *weights;
      p.to.offset = 2 * o.output.quant.zero_point[0] + 1;
      pointwise = g.kernel_h == 1 && g.kernel_w == 1 && g.batches == 1 && groups == 1 && g.pad_top == 0 &&
                  g.pad_left == 0 && (g.out_h - 1) * g.stride_h < g.in_h && (g.out_w - 1) * g.stride_w < g.in_w;
      small = !pointwise && l.small();
      set_kernel(l, pointwise, small);
    } else {
      p.weights = static_cast<int32_t>(l.pool.add(l.name("weights"), pack::blocks(w, groups, p.group_out, taps, 4), 4));
      p.channels =
          static_cast<int32_t>(l.pool.add(l.name("channels"), pack::words(pack::padded_channels(channels, groups))));
      l.kernel("ops/conv_2d.hpp", SMELT_KERNEL(conv_2d_any_s8));
    }
  } else {
    p.weights = static_cast<int32_t>(
        l.pool.add(l.name("weights"), pack::blocks(o.weights.as<float>(), groups, p.group_out, taps, 1)));
    p.channels = static_cast<int32_t>(
        l.pool.add(l.name("bias"), pack::padded_channels(convolution::biases(o, g.out_c), groups)));
    p.to = convolution::clamp_f32(l.node);
    l.kernel("ops/conv_2d.hpp", SMELT_KERNEL(conv_2d_f32));
  }
  if (pointwise) {
    l.params("smelt::Pointwise",
             Pointwise{p.out_w, p.stride_h, p.stride_w * p.in_c, p.depth, p.group_out, p.taps, p.weights, p.to},
             "out_w stride_h step depth group_out taps weights to.offset to.span to.low");
  } else {
    convolution::set_params(l, p);
  }
  convolution::set_conv_2d_rows(l, g, groups);
  const int32_t patch = p.taps * (weights ? tap_bytes(l, p, pointwise, small) : size_of(o.input.dtype));
  l.scratch(pointwise ? patch : g.kernel_h * 4 + patch);
  return Done{};
}

std::optional<WeightedSum> sum(const Graph& graph, const Node& node) {
  const Geometry g = geometry(graph, node);
  const Operands o = convolution::operands(graph, node);
  return convolution::windowed_sum(node, o, g, g.in_c / o.weights.shape[3], false);
}

int64_t macs(const Graph& graph, const Node& node) {
  const Shape& w = graph.at(node.in(1)).shape;
  return elements(graph.at(node.out()).shape) * w[1] * w[2] * w[3];
}

Outcome denormalize(Graph& graph, Node& node) {
  raw::put_activation(node);
  raw::name(node, "CONV_2D", "Conv2DOptions");
  layers_s16::put_bias_type(graph, node);
  const Shape& window = graph.at(node.in(1)).shape;
  return raw::put_padding(graph, node, window[1], window[2]);
}

}  // namespace

extern const OpDef op_conv_2d;
const OpDef op_conv_2d = {
    .name = "conv_2d",
    .tflite = {"CONV_2D"},
    .normalize = normalize,
    .infer = infer,
    .evaluate = evaluate,
    .lower = lower,
    .macs = macs,
    .fuses_activation = true,
    .fuses_padding = true,
    .rescales = true,
    .scale_output = convolution::scale_first_axis,
    .weighted_sum = sum,
    .filter_axis = 0,
    .denormalize = denormalize,
};

}  // namespace smelt
