// PRELU: x, or alpha * x where x is negative; alpha broadcasts to x.
// Source: TensorFlow Lite, kernels/activations.cc (PreluPrepare), kernels/internal/reference/prelu.h.
#include "runtime/ops/prelu.hpp"

#include <algorithm>
#include <vector>

#include "ops/pairs.hpp"
#include "ops/quantize.hpp"
#include "ops/view.hpp"
#include "runtime/ops/functions.hpp"

namespace smelt {
namespace {

struct Prelu {
  float positive, negative;  ///< ratios of scales, in float as the reference has them
};

Prelu ratios(const Graph& graph, const Node& node) {
  const float x = graph.at(node.in(0)).quant.scale.at(0);
  const float alpha = graph.at(node.in(1)).quant.scale.at(0);
  const float y = graph.at(node.out(0)).quant.scale.at(0);
  return {x / y, x * alpha / y};
}

Result<std::vector<TensorType>> infer(const Graph& graph, const Node& node) {
  const Result<Shape> shape = pairs::check(graph, node);
  if (!shape) return shape.failure();
  const Tensor& x = graph.at(node.in(0));
  if (*shape != x.shape) {
    return fail(
        graph, node, "E0303",
        "alpha of shape " + to_string(graph.at(node.in(1)).shape) + " is larger than the input, " + to_string(x.shape));
  }
  if (x.dtype == DType::i8) {
    if (Outcome o = pairs::check_quantized(graph, node); !o) return o.failure();
    // Beyond these a product of up to 255 * 255, or a value, times its ratio would not fit 32 bits.
    const Prelu r = ratios(graph, node);
    if (!(r.positive < 4194304.0F && r.negative < 16383.0F)) return elementwise::scales_too_far_apart(graph, node);
  } else if (x.dtype != DType::f32) {
    return elementwise::unsupported_type(graph, node, x.dtype, "i8, f32");
  }
  return std::vector<TensorType>{{x.dtype, x.shape}};
}

void evaluate(const Evaluation& e) {
  if (e.in[0]->type->dtype == DType::f32) {
    return pairs::evaluate<float, float>(e, [](float x, float alpha) { return x >= 0 ? x : x * alpha; });
  }
  const Prelu r = ratios(e.graph, e.node);
  const Multiplier positive = quantize_multiplier(r.positive), negative = quantize_multiplier(r.negative);
  const auto zero = [](const Value* v) { return v->type->quant.zero_point.at(0); };
  pairs::evaluate<int8_t, int8_t>(e, [&](int32_t x, int32_t alpha) {
    const int32_t centred = x - zero(e.in[0]);
    const int32_t y = centred >= 0 ? oracle::requantize(centred, positive)
                                   : oracle::requantize(centred * (alpha - zero(e.in[1])), negative);
    return static_cast<int8_t>(std::clamp(y + zero(e.out[0]), -128, 127));
  });
}

Outcome lower(Lowering& l) {
  if (l.input(0).dtype == DType::f32) {
    const FloatRange all = float_activation("none");
    l.kernel("ops/functions.hpp", SMELT_KERNEL(prelu_f32));
    l.params("smelt::BinaryF32", BinaryF32{pairs::lay_out(l), float_bits(all.low), float_bits(all.high)},
             "walk low high");
    return Done{};
  }
  const Prelu r = ratios(l.graph, l.node);
  const Multiplier positive = quantize_multiplier(r.positive), negative = quantize_multiplier(r.negative);
  const auto zero = [](const Tensor& t) { return t.quant.zero_point.at(0); };
  l.kernel("ops/prelu.hpp", SMELT_KERNEL(prelu_s8));
  l.params("smelt::PreluS8",
           PreluS8{pairs::lay_out(l), zero(l.input(0)), zero(l.input(1)), positive.multiplier, positive.shift,
                   negative.multiplier, negative.shift, zero(l.output())},
           "walk zero_x zero_alpha multiplier shift multiplier_negative shift_negative zero");
  return Done{};
}

}  // namespace

extern const OpDef op_prelu;
const OpDef op_prelu = {.name = "prelu",
                        .tflite = {"PRELU"},
                        .normalize = nullptr,
                        .infer = infer,
                        .evaluate = evaluate,
                        .lower = lower,
                        .channels = each_channel,
                        .under_view = view::unchanged};

}  // namespace smelt
