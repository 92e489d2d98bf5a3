// Depthwise convolution in NHWC, filters [1, row, column, output channel]; output channel o belongs to input channel
// o / multiplier, the multiplier being what the two channel counts imply. Source: TensorFlow Lite,
// kernels/depthwise_conv.cc, reference/integer_ops/depthwise_conv.h, reference/depthwiseconv_float.h.
#include "runtime/ops/depthwise_conv_2d.hpp"

#include <algorithm>
#include <cstdlib>

#include "lower/pack.hpp"
#include "ops/checks.hpp"
#include "ops/convolution.hpp"
#include "ops/helium.hpp"
#include "ops/layers_s16.hpp"
#include "ops/raw.hpp"
#include "ops/windows.hpp"
#include "runtime/ops/depthwise_3x3.hpp"

namespace smelt {
namespace {

using convolution::Geometry;
using convolution::Operands;

Outcome normalize(Graph& graph, Node& node) {
  if (const Outcome o = convolution::check_operands(graph, node, true); !o) return o;
  if (const Outcome o = checks::take_activation(graph, node); !o) return o;
  node.attrs.erase("depth_multiplier");  // the reference, too, goes by the shapes
  return convolution::take_window(graph, node);
}

Result<Geometry> check(const Graph& graph, const Node& node) {
  if (const Outcome o = convolution::check_operands(graph, node, true); !o) return o.failure();
  const Operands o = convolution::operands(graph, node);
  Result<Geometry> g = convolution::geometry(graph, node, o.weights.shape.size() == 4 ? o.weights.shape[3] : 0);
  if (!g) return g;
  if (o.weights.shape[0] != 1 || g->out_c % g->in_c != 0) {
    return fail(
        graph, node, "E0303",
        "filters of " + to_string(o.weights.shape) + " do not fit " + std::to_string(g->in_c) + " input channels",
        "1 x rows x columns x a multiple of the input channels is wanted");
  }
  // 2^17 products of int8 and int8 fit a sum of 32 bits; a table of the taps is kept in the arena.
  if (int64_t{g->kernel_h} * g->kernel_w >= 1 << 17) {
    return fail(graph, node, "E0303", "filters of " + to_string(o.weights.shape) + " are too large");
  }
  if (const Outcome q = convolution::check_quantization(graph, node, 3); !q) return q.failure();
  if (o.input.dtype == DType::i16) {
    if (o.bias != nullptr && o.bias->dtype != DType::i64) {
      return fail(graph, node, "E0301", "a bias of int32 is not supported here with 16-bit activations, int64 is wanted");
    }
    const int64_t taps = int64_t{g->kernel_h} * g->kernel_w;
    const Outcome q = layers_s16::check(graph, node, convolution::multipliers(o, g->out_c), taps);
    if (!q) return q.failure();
  }
  return g;
}

Result<std::vector<TensorType>> infer(const Graph& graph, const Node& node) {
  const Result<Geometry> g = check(graph, node);
  if (!g) return g.failure();
  return std::vector<TensorType>{{graph.at(node.in(0)).dtype, g->output()}};
}

/// Sum of product(input value index, weight index) over the taps of one output that lie in the image.
template <class T, class F>
T sum_taps(const Geometry& g, int32_t b, int32_t y, int32_t x, int32_t c, F product) {
  T sum = 0;
  for (int32_t kh = 0; kh < g.kernel_h; ++kh) {
    const int32_t in_y = y * g.stride_h - g.pad_top + kh * g.dilation_h;
    for (int32_t kw = 0; kw < g.kernel_w; ++kw) {
      const int32_t in_x = x * g.stride_w - g.pad_left + kw * g.dilation_w;
      if (in_y < 0 || in_y >= g.in_h || in_x < 0 || in_x >= g.in_w) continue;
      sum += product(((int64_t{b} * g.in_h + in_y) * g.in_w + in_x) * g.in_c + c / (g.out_c / g.in_c),
                     (int64_t{kh} * g.kernel_w + kw) * g.out_c + c);
    }
  }
  return sum;
}

void evaluate(const Evaluation& e) {
  const Geometry g = *check(e.graph, e.node);
  const Operands o = convolution::operands(e.graph, e.node);
  const bool integer = o.input.dtype == DType::i8;
  const std::string activation = e.node.attrs.s("activation", "none");
  const std::vector<Multiplier> scales =
      o.input.dtype != DType::f32 ? convolution::multipliers(o, g.out_c) : std::vector<Multiplier>{};
  for (int64_t index = 0; index < elements(g.output()); ++index) {
    const auto c = static_cast<int32_t>(index % g.out_c);
    const auto x = static_cast<int32_t>(index / g.out_c % g.out_w);
    const auto y = static_cast<int32_t>(index / g.out_c / g.out_w % g.out_h);
    const auto b = static_cast<int32_t>(index / g.out_c / g.out_w / g.out_h);
    if (o.input.dtype == DType::i16) {
      const auto sum = sum_taps<int64_t>(
          g, b, y, x, c, [&](int64_t i, int64_t w) { return e.in[0]->as<int16_t>()[i] * e.in[1]->as<int8_t>()[w]; });
      e.out[0]->as<int16_t>()[index] = layers_s16::stored(e.node, o, scales[static_cast<size_t>(c)], c, sum);
    } else if (integer) {
      int64_t sum = sum_taps<int64_t>(g, b, y, x, c, [&](int64_t i, int64_t w) {
        return (e.in[0]->as<int8_t>()[i] - o.input.quant.zero_point[0]) * e.in[1]->as<int8_t>()[w];
      });
      if (o.bias != nullptr) sum += o.bias->as<int32_t>()[c];
      const int32_t scaled =
          oracle::requantize(static_cast<int32_t>(static_cast<uint32_t>(sum)), scales[static_cast<size_t>(c)]);
      const ActivationRange range = quantized_activation(activation, o.output.quant, DType::i8);
      e.out[0]->as<int8_t>()[index] = static_cast<int8_t>(
          std::clamp<int64_t>(int64_t{scaled} + o.output.quant.zero_point[0], range.low, range.high));
    } else {
      float sum = sum_taps<float>(
          g, b, y, x, c, [&](int64_t i, int64_t w) { return e.in[0]->as<float>()[i] * e.in[1]->as<float>()[w]; });
      if (o.bias != nullptr) sum += o.bias->as<float>()[c];
      const FloatRange range = float_activation(activation);
      e.out[0]->as<float>()[index] = std::min(std::max(sum, range.low), range.high);
    }
  }
}

/// The kernel for 3x3 taps.
Outcome lower_3x3(Lowering& l, const Geometry& g, const Operands& o, const std::vector<Scale>& scales) {
  constexpr int32_t most_columns = DepthwisePatch::most_columns + 2;  // of a patch
  const int32_t most = (most_columns - 3) / g.stride_w + 1;
  const int32_t strips = (g.out_w + most - 1) / most;
  Depthwise3x3 p{};
  convolution::set_window(p, g);
  p.channels = g.in_c;
  p.rows = std::min((DepthwisePatch::rows_held - 3) / g.stride_h + 1, g.out_h);
  p.columns = (g.out_w + strips - 1) / strips;
  p.weights =
      static_cast<int32_t>(l.pool.add(l.name("weights"), pack::depthwise_3x3(o.weights.as<int8_t>(), g.out_c), 4));
  p.scales = static_cast<int32_t>(l.pool.add(l.name("channels"), pack::words(pack::depthwise_scales(scales, g.out_c))));
  p.zero = o.input.quant.zero_point[0];
  p.to = convolution::clamp_s8(l.node, o.output);
  p.to.offset = 2 * o.output.quant.zero_point[0] + 1;
  if (g.stride_w == 1) {
    l.kernel("ops/depthwise_3x3.hpp", SMELT_KERNEL(depthwise_3x3_s8));
  } else {
    l.kernel("ops/depthwise_3x3.hpp", SMELT_KERNEL(depthwise_3x3_stride_2_s8));
  }
  l.params("smelt::Depthwise3x3", p,
           "step_rows in_h in_w channels out_h out_w stride_h pad_top pad_left rows columns weights scales zero "
           "to.offset to.span to.low");
  l.windowed(g.stride_h, g.pad_top, 3);
  if (p.step_rows == 1) l.out.block = p.rows;
  l.scratch(((p.columns - 1) * g.stride_w + 3) * DepthwisePatch::column);
  return Done{};
}

Outcome lower(Lowering& l) {
  const Geometry g = *check(l.graph, l.node);
  const Operands o = convolution::operands(l.graph, l.node);
  if (o.input.constant()) {  // the kernel finds its taps by their offsets in the arena
    return fail(l.graph, l.node, "E0301", "a constant input is not supported", "fold the constant part of the model");
  }
  if (o.input.dtype == DType::i16) return layers_s16::lower_depthwise_conv_2d(l, g, o);
  const int32_t taps = g.kernel_h * g.kernel_w;
  DepthwiseConv2D p = convolution::depthwise_conv_2d(g);
  const bool blocked = p.multiplier == 1;
  if (o.input.dtype == DType::i8) {
    const auto* w = o.weights.as<int8_t>();
    const auto [channels, scales] = convolution::channels(o, convolution::multipliers(o, g.out_c), true);
    if (l.vector == Vector::helium && scales && helium::depthwise_conv_2d(l, g, o, *scales)) return Done{};
    const bool fast = scales && blocked && g.out_c >= 4;
    if (fast && g.kernel_h == 3 && g.kernel_w == 3 && g.dilation_h == 1 && g.dilation_w == 1 && g.stride_w <= 2) {
      return lower_3x3(l, g, o, *scales);
    }
    p.zero = o.input.quant.zero_point[0];
    p.to = convolution::clamp_s8(l.node, o.output);
    if (fast) {
      p.weights = static_cast<int32_t>(l.pool.add(l.name("weights"), pack::depthwise_blocks(w, g.out_c, taps), 4));
      p.channels = static_cast<int32_t>(
          l.pool.add(l.name("channels"), pack::words(pack::depthwise_scales(*scales, g.out_c))));
      p.to.offset = 2 * o.output.quant.zero_point[0] + 1;
      l.kernel("ops/depthwise_conv_2d.hpp", SMELT_KERNEL(depthwise_conv_2d_s8));
    } else {
      p.weights = static_cast<int32_t>(l.pool.add(l.name("weights"), pack::depthwise(w, g.out_c, taps, blocked), 4));
      p.channels = static_cast<int32_t>(l.pool.add(l.name("channels"), pack::words(channels)));
      l.kernel("ops/depthwise_conv_2d.hpp", SMELT_KERNEL(depthwise_conv_2d_any_s8));
    }
  } else {
    p.weights = static_cast<int32_t>(
        l.pool.add(l.name("weights"), pack::depthwise(o.weights.as<float>(), g.out_c, taps, blocked)));
    p.channels = static_cast<int32_t>(l.pool.add(l.name("bias"), convolution::biases(o, g.out_c)));
    p.to = convolution::clamp_f32(l.node);
    l.kernel("ops/depthwise_conv_2d.hpp", SMELT_KERNEL(depthwise_conv_2d_f32));
  }
  convolution::set_params(l, p);
  convolution::set_rows(l, g);
  l.scratch(pack::round_up((taps + g.kernel_h) * 4 + g.in_c * size_of(o.input.dtype), 4));
  return Done{};
}

std::optional<WeightedSum> sum(const Graph& graph, const Node& node) {
  const Geometry g = *check(graph, node);
  return convolution::windowed_sum(node, convolution::operands(graph, node), g, g.in_c, true);
}

int64_t macs(const Graph& graph, const Node& node) {
  const Shape& w = graph.at(node.in(1)).shape;
  return elements(graph.at(node.out()).shape) * w[1] * w[2];
}

Outcome denormalize(Graph& graph, Node& node) {
  raw::put_activation(node);
  raw::name(node, "DEPTHWISE_CONV_2D", "DepthwiseConv2DOptions");
  const Shape& window = graph.at(node.in(1)).shape;
  node.attrs.set("depth_multiplier", int64_t{window[3] / graph.at(node.in(0)).shape[3]});
  return raw::put_padding(graph, node, window[1], window[2]);
}

}  // namespace

extern const OpDef op_depthwise_conv_2d;
const OpDef op_depthwise_conv_2d = {
    .name = "depthwise_conv_2d",
    .tflite = {"DEPTHWISE_CONV_2D"},
    .normalize = normalize,
    .infer = infer,
    .evaluate = evaluate,
    .lower = lower,
    .macs = macs,
    .fuses_activation = true,
    .fuses_padding = true,
    .rescales = true,
    .scale_output = convolution::scale_last_axis,
    .weighted_sum = sum,
    .filter_axis = 3,
    .denormalize = denormalize,
};

}  // namespace smelt
