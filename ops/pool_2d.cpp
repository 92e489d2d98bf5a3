// AVERAGE_POOL_2D, MAX_POOL_2D, and L2_POOL_2D of floats.
#include "runtime/ops/pool_2d.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "lower/lowering.hpp"
#include "ops/checks.hpp"
#include "ops/op.hpp"
#include "ops/quantize.hpp"
#include "ops/raw.hpp"
#include "ops/reduce.hpp"
#include "runtime/ops/l2_pool_2d.hpp"
#include "runtime/ops/pool_2d_s16.hpp"

namespace smelt {
namespace {

constexpr int64_t largest = 1 << 20;  // of a filter or stride: keeps all sums of positions within 32 bits

/// One axis of a window that slides over padded input.
struct Window {
  int64_t filter, stride, before, after;
};
Window vertical(const Node& n) {
  return {n.attrs.i("filter_h"), n.attrs.i("stride_h"), n.attrs.i("pad_top"), n.attrs.i("pad_bottom")};
}
Window horizontal(const Node& n) {
  return {n.attrs.i("filter_w"), n.attrs.i("stride_w"), n.attrs.i("pad_left"), n.attrs.i("pad_right")};
}

Outcome check_window(const Graph& graph, const Node& node) {
  for (const char* name : {"filter_h", "filter_w", "stride_h", "stride_w"}) {
    if (Outcome o = checks::attribute(graph, node, name, 1, largest); !o) return o;
  }
  return Done{};
}

Outcome normalize_pool(Graph& graph, Node& node) {
  if (Outcome o = checks::operands(graph, node, 1); !o) return o;
  const Shape& shape = graph.at(node.inputs[0]).shape;
  if (shape.size() != 4) {
    return fail(graph, node, "E0301", "the input must have rank 4 (NHWC), it is " + to_string(shape));
  }
  Attrs& a = node.attrs;
  a.set("filter_h", a.i("filter_height"));
  a.set("filter_w", a.i("filter_width"));
  const std::string padding = a.s("padding");
  for (const char* raw : {"filter_height", "filter_width", "padding"}) a.erase(raw);
  if (Outcome o = check_window(graph, node); !o) return o;
  if (padding != "SAME" && padding != "VALID") {
    return fail(graph, node, "E0303", "padding must be SAME or VALID, it is \"" + padding + "\"");
  }
  const auto pad = [&](int64_t size, int64_t filter, int64_t stride, const char* before, const char* after) {
    const int64_t out = (size + stride - 1) / stride;
    const int64_t total = padding == "SAME" ? std::max<int64_t>(0, (out - 1) * stride + filter - size) : 0;
    a.set(before, total / 2);
    a.set(after, total - total / 2);
  };
  pad(shape[1], a.i("filter_h"), a.i("stride_h"), "pad_top", "pad_bottom");
  pad(shape[2], a.i("filter_w"), a.i("stride_w"), "pad_left", "pad_right");
  return checks::take_activation(graph, node);
}

Result<std::vector<TensorType>> infer_pool(const Graph& graph, const Node& node) {
  if (Outcome o = checks::operands(graph, node, 1); !o) return o.failure();
  if (Outcome o = checks::type(graph, node, {DType::i8, DType::i16, DType::f32}); !o) return o.failure();
  if (Outcome o = checks::same_quantization(graph, node); !o) return o.failure();
  if (Outcome o = checks::activation(graph, node); !o) return o.failure();
  if (Outcome o = check_window(graph, node); !o) return o.failure();
  const Tensor& in = graph.at(node.inputs[0]);
  if (in.shape.size() != 4)
    return fail(graph, node, "E0301", "the input must have rank 4, it is " + to_string(in.shape));
  const auto size = [&](int32_t extent, const Window& w) -> int64_t {
    // A window must hold at least one element that is no padding.
    if (w.before < 0 || w.after < 0 || w.before >= w.filter || w.after >= w.filter) return 0;
    const int64_t room = extent + w.before + w.after - w.filter;
    return room < 0 ? 0 : room / w.stride + 1;
  };
  const int64_t h = size(in.shape[1], vertical(node));
  const int64_t w = size(in.shape[2], horizontal(node));
  if (h < 1 || w < 1) {
    return fail(graph, node, "E0303",
                "a window of " + std::to_string(node.attrs.i("filter_h")) + "x" +
                    std::to_string(node.attrs.i("filter_w")) + " does not fit " + to_string(in.shape) +
                    " with this padding");
  }
  const int64_t taps = std::min<int64_t>(in.shape[1], node.attrs.i("filter_h")) *
                       std::min<int64_t>(in.shape[2], node.attrs.i("filter_w"));
  const int64_t most = in.dtype == DType::i16 ? max_average_count_s16 : max_average_count;
  if (in.dtype != DType::f32 && taps > most) {
    return fail(graph, node, "E0301", "windows of more than " + std::to_string(most) + " elements are not supported",
                "pool in two stages");
  }
  const std::vector<TensorType> types = {
      {in.dtype, {in.shape[0], static_cast<int32_t>(h), static_cast<int32_t>(w), in.shape[3]}}};
  constexpr int64_t most_taps = int64_t{1} << 35;  // of all windows: minutes
  if (static_cast<double>(taps) * static_cast<double>(h) * static_cast<double>(w) * in.shape[0] * in.shape[3] > most_taps) {
    return fail(graph, node, "E0303", "so many windows of this size would take hours", "pool in two stages");
  }
  return types;
}

/// The reference knows no integers here.
Result<std::vector<TensorType>> infer_l2(const Graph& graph, const Node& node) {
  if (Outcome o = checks::operands(graph, node, 1); !o) return o.failure();
  if (Outcome o = checks::dtype(graph, node, {DType::f32}); !o) return o.failure();
  return infer_pool(graph, node);
}

// ---- oracle ----

/// Calls pixel(values of a channel under the window) -> result for every output element.
template <class T, class Pixel>
void for_each_window(const Evaluation& e, Pixel pixel) {
  const Shape& in = e.in[0]->type->shape;
  const Shape& out = e.out[0]->type->shape;
  const Window v = vertical(e.node);
  const Window h = horizontal(e.node);
  T* y = e.out[0]->as<T>();
  for (int64_t n = 0; n < out[0]; ++n) {
    for (int64_t oy = 0; oy < out[1]; ++oy) {
      for (int64_t ox = 0; ox < out[2]; ++ox) {
        for (int64_t c = 0; c < out[3]; ++c) {
          std::vector<T> values;
          const int64_t top = oy * v.stride - v.before;
          const int64_t left = ox * h.stride - h.before;
          for (int64_t iy = std::max<int64_t>(top, 0); iy < std::min<int64_t>(top + v.filter, in[1]); ++iy) {
            for (int64_t ix = std::max<int64_t>(left, 0); ix < std::min<int64_t>(left + h.filter, in[2]); ++ix) {
              values.push_back(e.in[0]->as<T>()[((n * in[1] + iy) * in[2] + ix) * in[3] + c]);
            }
          }
          *y++ = pixel(values);
        }
      }
    }
  }
}

/// The same for either type of integers.
template <class Pixel>
void for_each_integer_window(const Evaluation& e, Pixel pixel) {
  if (e.out[0]->type->dtype == DType::i16) {
    for_each_window<int16_t>(e, [&](const std::vector<int16_t>& v) { return static_cast<int16_t>(pixel(v)); });
  } else {
    for_each_window<int8_t>(e, [&](const std::vector<int8_t>& v) { return static_cast<int8_t>(pixel(v)); });
  }
}

void evaluate_average(const Evaluation& e) {
  const Tensor& out = *e.out[0]->type;
  const std::string activation = e.node.attrs.s("activation", "none");
  if (out.dtype == DType::f32) {
    const FloatRange range = float_activation(activation);
    return for_each_window<float>(e, [&](const std::vector<float>& values) {
      float sum = 0;
      for (float v : values) sum += v;
      return std::clamp(sum / static_cast<float>(values.size()), range.low, range.high);
    });
  }
  const ActivationRange range = quantized_activation(activation, out.quant, out.dtype);
  const auto average = [&](const auto& values) {
    int32_t sum = 0;
    for (int32_t v : values) sum += v;
    const auto count = static_cast<int32_t>(values.size());
    const int32_t mean = sum > 0 ? (sum + count / 2) / count : (sum - count / 2) / count;
    return std::min(std::max(mean, range.low), range.high);
  };
  for_each_integer_window(e, average);
}

void evaluate_max(const Evaluation& e) {
  const Tensor& out = *e.out[0]->type;
  const std::string activation = e.node.attrs.s("activation", "none");
  if (out.dtype == DType::f32) {
    const FloatRange range = float_activation(activation);
    return for_each_window<float>(e, [&](const std::vector<float>& values) {
      return std::min(std::max(*std::max_element(values.begin(), values.end()), range.low), range.high);
    });
  }
  const ActivationRange range = quantized_activation(activation, out.quant, out.dtype);
  for_each_integer_window(e, [&](const auto& values) {
    const int32_t largest_value = *std::max_element(values.begin(), values.end());
    return std::min(std::max(largest_value, range.low), range.high);
  });
}

void evaluate_l2(const Evaluation& e) {
  const FloatRange range = float_activation(e.node.attrs.s("activation", "none"));
  for_each_window<float>(e, [&](const std::vector<float>& values) {
    float sum = 0;
    for (float v : values) sum += v * v;
    return std::clamp(std::sqrt(sum / static_cast<float>(values.size())), range.low, range.high);
  });
}

// ---- lowering ----

ActivationRange clamp_bits(const Lowering& l) {
  const std::string activation = l.node.attrs.s("activation", "none");
  if (l.output().dtype != DType::f32) return quantized_activation(activation, l.output().quant, l.output().dtype);
  const FloatRange range = float_activation(activation);
  return {float_bits(range.low), float_bits(range.high)};
}

bool covers_all(const Lowering& l) {
  const Shape& in = l.input(0).shape;
  const Shape& out = l.output().shape;
  const Window v = vertical(l.node);
  const Window h = horizontal(l.node);
  return out[1] == 1 && out[2] == 1 && v.filter - v.before >= in[1] && h.filter - h.before >= in[2];
}

/// One window over the whole map: rows are taken as they come, none is kept.
void lower_global(Lowering& l, Reduce p, int32_t accumulator) {
  const Shape& in = l.input(0).shape;
  p.count = in[1] * in[2];
  p.multiplier = static_cast<int32_t>(reciprocal(p.count));
  p.low = clamp_bits(l).low;
  p.high = clamp_bits(l).high;
  lower_reduction(l, {false, true, true, false}, p, accumulator);
}

void lower_windows(Lowering& l) {
  const Shape& in = l.input(0).shape;
  const Shape& out = l.output().shape;
  const Window v = vertical(l.node);
  const Window h = horizontal(l.node);
  const auto i = [](int64_t x) { return static_cast<int32_t>(x); };
  const Pool2D p{in[1],
                 in[2],
                 out[1],
                 out[2],
                 in[3],
                 i(v.filter),
                 i(h.filter),
                 i(v.stride),
                 i(h.stride),
                 i(v.before),
                 i(h.before),
                 clamp_bits(l).low,
                 clamp_bits(l).high};
  l.params("smelt::Pool2D", p,
           "in_h in_w out_h out_w channels filter_h filter_w stride_h stride_w pad_top pad_left low high");
  std::vector<RowRange> needs, makes;
  for (int32_t n = 0; n < out[0]; ++n) {
    for (int32_t y = 0; y < out[1]; ++y) {
      const int64_t top = y * v.stride - v.before;
      needs.push_back(
          {n * in[1] + i(std::max<int64_t>(top, 0)), n * in[1] + i(std::min<int64_t>(top + v.filter, in[1]))});
      makes.push_back({n * out[1] + y, n * out[1] + y + 1});
    }
  }
  l.steps(out[0] * out[1], {needs}, {makes});
}

/// The kernel for the node's type.
struct PoolKernel {
  const char* header;
  const char* symbol;
  Kernel function;
};
void choose(Lowering& l, const PoolKernel& s8, const PoolKernel& s16, const PoolKernel& f32) {
  const DType type = l.input(0).dtype;
  const PoolKernel& k = type == DType::i8 ? s8 : type == DType::i16 ? s16 : f32;
  l.kernel(k.header, k.symbol, k.function);
}

Outcome lower_average(Lowering& l) {
  if (covers_all(l)) {
    choose(l, {"ops/reduce.hpp", SMELT_KERNEL(reduce_average_s8)},
           {"ops/pool_2d_s16.hpp", SMELT_KERNEL(reduce_average_s16)}, {"ops/reduce.hpp", SMELT_KERNEL(reduce_mean_f32)});
    lower_global(l, {}, 4);
    return Done{};
  }
  lower_windows(l);
  choose(l, {"ops/pool_2d.hpp", SMELT_KERNEL(average_pool_2d_s8)},
         {"ops/pool_2d_s16.hpp", SMELT_KERNEL(average_pool_2d_s16)},
         {"ops/pool_2d.hpp", SMELT_KERNEL(average_pool_2d_f32)});
  if (l.input(0).dtype != DType::f32) l.scratch(l.input(0).shape[3] * 4);
  return Done{};
}

Outcome lower_max(Lowering& l) {
  if (covers_all(l)) {
    choose(l, {"ops/reduce.hpp", SMELT_KERNEL(reduce_max_s8)}, {"ops/pool_2d_s16.hpp", SMELT_KERNEL(reduce_max_s16)},
           {"ops/reduce.hpp", SMELT_KERNEL(reduce_max_f32)});
    lower_global(l, {}, size_of(l.input(0).dtype));
    return Done{};
  }
  lower_windows(l);
  choose(l, {"ops/pool_2d.hpp", SMELT_KERNEL(max_pool_2d_s8)}, {"ops/pool_2d_s16.hpp", SMELT_KERNEL(max_pool_2d_s16)},
         {"ops/pool_2d.hpp", SMELT_KERNEL(max_pool_2d_f32)});
  return Done{};
}

Outcome lower_l2(Lowering& l) {
  lower_windows(l);
  l.kernel("ops/l2_pool_2d.hpp", SMELT_KERNEL(l2_pool_2d_f32));
  return Done{};
}

Outcome denormalize(Graph& graph, Node& node) {
  raw::put_activation(node);
  const int64_t h = node.attrs.i("filter_h");
  const int64_t w = node.attrs.i("filter_w");
  for (const char* ours : {"filter_h", "filter_w"}) node.attrs.erase(ours);
  node.attrs.set("filter_height", h);
  node.attrs.set("filter_width", w);
  raw::name(node, find_op(node.op)->tflite[0], "Pool2DOptions");
  return raw::put_padding(graph, node, static_cast<int32_t>(h), static_cast<int32_t>(w));
}

}  // namespace

extern const OpDef op_average_pool_2d;
extern const OpDef op_l2_pool_2d;
extern const OpDef op_max_pool_2d;
const OpDef op_l2_pool_2d = {.name = "l2_pool_2d",
                             .tflite = {"L2_POOL_2D"},
                             .normalize = normalize_pool,
                             .infer = infer_l2,
                             .evaluate = evaluate_l2,
                             .lower = lower_l2,
                             .fuses_activation = true,
                             .channels = each_channel,
                             .denormalize = denormalize};
const OpDef op_average_pool_2d = {.name = "average_pool_2d",
                                  .tflite = {"AVERAGE_POOL_2D"},
                                  .normalize = normalize_pool,
                                  .infer = infer_pool,
                                  .evaluate = evaluate_average,
                                  .lower = lower_average,
                                  .fuses_activation = true,
                                  .channels = each_channel,
                                  .denormalize = denormalize};
const OpDef op_max_pool_2d = {.name = "max_pool_2d",
                              .tflite = {"MAX_POOL_2D"},
                              .normalize = normalize_pool,
                              .infer = infer_pool,
                              .evaluate = evaluate_max,
                              .lower = lower_max,
                              .fuses_activation = true,
                              .channels = each_channel,
                              .denormalize = denormalize};

}  // namespace smelt
