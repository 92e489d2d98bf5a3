// RELU, RELU6, RELU_N1_TO_1, LEAKY_RELU, HARD_SWISH, LOGISTIC, TANH. In int8 each is a function of one value and
// becomes a table; its definition here serves the oracle and fills the table. Source: TensorFlow Lite,
// kernels/activations.cc and kernels/internal/reference/{hard_swish,leaky_relu,logistic,lut}.h.
#include "runtime/ops/activation.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "ops/activation_s16.hpp"
#include "ops/elementwise.hpp"
#include "ops/quantize.hpp"
#include "ops/view.hpp"
#include "ops/raw.hpp"

namespace smelt {
namespace {

using elementwise::ByteFunction;
using FloatFunction = std::function<float(float)>;

struct Affine {
  float scale;
  int32_t zero;
};
Affine affine(const Tensor& t) { return {t.quant.scale.at(0), t.quant.zero_point.at(0)}; }

int32_t to_s8(int64_t x) { return static_cast<int32_t>(std::clamp<int64_t>(x, -128, 127)); }

/// An operator of one input, its output of the same type.
Result<std::vector<TensorType>> infer_unary(const Graph& graph, const Node& node) {
  if (Outcome o = elementwise::check_operands(graph, node, 1); !o) return o.failure();
  const Tensor& in = graph.at(node.in(0));
  if (in.dtype == DType::i16) return activation_s16::infer(graph, node);
  if (in.dtype == DType::i8) {
    for (TensorId id : {node.in(0), node.out(0)}) {
      if (Outcome o = elementwise::check_per_tensor(graph, node, id); !o) return o.failure();
    }
  } else if (in.dtype != DType::f32) {
    return elementwise::unsupported_type(graph, node, in.dtype, "i8, f32");
  }
  return std::vector<TensorType>{{in.dtype, in.shape}};
}

bool is_s8(const Graph& graph, const Node& node) { return graph.at(node.in(0)).dtype == DType::i8; }

/// From here on an 8-bit value times the ratio of scales would not fit 32 bits.
constexpr float largest_ratio = 4194304.0F;

bool ratio_ok(const Graph& graph, const Node& node, float factor = 1.0F) {
  return std::abs(affine(graph.at(node.in(0))).scale * factor / affine(graph.at(node.out(0))).scale) < largest_ratio;
}

void evaluate_floats(const Evaluation& e, const FloatFunction& function) {
  const auto* in = e.in[0]->as<float>();
  auto* out = e.out[0]->as<float>();
  for (int64_t i = 0; i < elements(e.in[0]->type->shape); ++i) out[i] = function(in[i]);
}

template <class P>
Outcome lower_float(Lowering& l, const char* symbol, Kernel kernel, const char* type, const P& p, const char* fields) {
  l.kernel("ops/activation.hpp", symbol, kernel);
  l.params(type, p, fields);
  l.rowwise();
  if (!l.input(0).constant()) l.in_place(0);
  return Done{};
}

// ---- relu, relu6, relu_n1_to_1: a clamp, in int8 after a requantization ----

ByteFunction clip_s8(const std::string& activation, const Tensor& in, const Tensor& out) {
  const Affine x = affine(in);
  const Affine y = affine(out);
  const Multiplier m = quantize_multiplier(x.scale / y.scale);
  const ActivationRange range = quantized_activation(activation, out.quant, DType::i8);
  return
      [=](int32_t v) { return std::min(range.high, std::max(range.low, y.zero + oracle::requantize(v - x.zero, m))); };
}

Result<std::vector<TensorType>> infer_clip(const Graph& graph, const Node& node) {
  auto types = infer_unary(graph, node);
  if (types && is_s8(graph, node) && !ratio_ok(graph, node)) return elementwise::scales_too_far_apart(graph, node);
  return types;
}

void evaluate_clip(const Evaluation& e) {
  if (activation_s16::applies(e.graph, e.node)) return activation_s16::evaluate(e);
  if (is_s8(e.graph, e.node)) {
    return elementwise::evaluate_bytes(e, clip_s8(e.node.op, *e.in[0]->type, *e.out[0]->type));
  }
  const FloatRange range = float_activation(e.node.op);
  evaluate_floats(e, [=](float x) { return x > range.high ? range.high : (x < range.low ? range.low : x); });
}

Outcome lower_clip(Lowering& l) {
  if (activation_s16::applies(l.graph, l.node)) return activation_s16::lower(l);
  if (l.input(0).dtype == DType::i8) {
    elementwise::lower_bytes(l, clip_s8(l.node.op, l.input(0), l.output()));
    return Done{};
  }
  const FloatRange range = float_activation(l.node.op);
  return lower_float(l, SMELT_KERNEL(clip_f32), "smelt::ClipF32",
                     ClipF32{row_elements(l.output().shape), float_bits(range.low), float_bits(range.high)},
                     "row low high");
}

const char* clip_word(const Node& node) {
  return node.op == "relu" ? "relu" : node.op == "relu6" ? "relu6" : "relu_n1_to_1";
}

/// With equal quantization the requantization changes nothing, so only the clamp is left, which may be no clamp at all.
bool clips_nothing(const Graph& graph, const Node& node) {
  const Tensor& in = graph.at(node.in(0));
  const Tensor& out = graph.at(node.out(0));
  if (in.dtype != DType::i8 || in.quant != out.quant) return false;
  const ActivationRange range = quantized_activation(node.op, out.quant, DType::i8);
  return range.low <= -128 && range.high >= 127;
}

// ---- leaky_relu: one multiplier for either sign of the input ----

Outcome normalize_leaky_relu(Graph& graph, Node& node) {
  if (!std::isfinite(static_cast<float>(node.attrs.f("alpha")))) {
    return fail(graph, node, "E0302", "alpha is not a finite number");
  }
  return Done{};
}

float alpha_of(const Node& node) { return static_cast<float>(node.attrs.f("alpha")); }

ByteFunction leaky_relu_s8(float alpha, const Tensor& in, const Tensor& out) {
  const Affine x = affine(in);
  const Affine y = affine(out);
  const Multiplier positive = quantize_multiplier(x.scale / y.scale);
  const float real = x.scale * alpha / y.scale;
  Multiplier negative = quantize_multiplier(std::abs(real));
  if (real < 0) negative.multiplier = -negative.multiplier;
  return [=](int32_t v) {
    const int32_t centred = v - x.zero;
    return to_s8(y.zero + oracle::requantize(centred, centred >= 0 ? positive : negative));
  };
}

Result<std::vector<TensorType>> infer_leaky_relu(const Graph& graph, const Node& node) {
  auto types = infer_unary(graph, node);
  if (types && !std::isfinite(alpha_of(node))) return fail(graph, node, "E0302", "alpha is not a finite number");
  if (types && is_s8(graph, node) && !(ratio_ok(graph, node) && ratio_ok(graph, node, alpha_of(node)))) {
    return elementwise::scales_too_far_apart(graph, node);
  }
  return types;
}

void evaluate_leaky_relu(const Evaluation& e) {
  if (activation_s16::applies(e.graph, e.node)) return activation_s16::evaluate(e);
  const float alpha = alpha_of(e.node);
  if (is_s8(e.graph, e.node)) {
    return elementwise::evaluate_bytes(e, leaky_relu_s8(alpha, *e.in[0]->type, *e.out[0]->type));
  }
  evaluate_floats(e, [=](float x) { return x > 0 ? x : x * alpha; });
}

Outcome lower_leaky_relu(Lowering& l) {
  if (activation_s16::applies(l.graph, l.node)) return activation_s16::lower(l);
  if (l.input(0).dtype == DType::i8) {
    elementwise::lower_bytes(l, leaky_relu_s8(alpha_of(l.node), l.input(0), l.output()));
    return Done{};
  }
  return lower_float(l, SMELT_KERNEL(leaky_relu_f32), "smelt::LeakyReluF32",
                     LeakyReluF32{row_elements(l.output().shape), float_bits(alpha_of(l.node))}, "row alpha");
}

// ---- hard_swish: x * relu6(x + 3) / 6, in int8 through 16-bit fixed point ----

int32_t to_s16(int64_t x) { return static_cast<int32_t>(std::clamp<int64_t>(x, -32768, 32767)); }

/// gemmlowp's SaturatingRoundingDoublingHighMul for 16 bits.
int32_t rounding_high_mul_16(int32_t a, int32_t b) {
  const int32_t product = a * b;
  const int32_t nudge = product >= 0 ? (1 << 14) : (1 - (1 << 14));
  return to_s16((int64_t{product} + nudge) / (1 << 15));
}

/// A 31-bit fraction cut down to 15 bits.
int32_t to_multiplier_16(int32_t m) {
  if (m >= std::numeric_limits<int32_t>::max() - (1 << 15)) return 32767;
  return (m + (1 << 15)) >> 16;
}

struct HardSwish {
  Multiplier output;  // of the input, on a 128 times finer scale, to the output's scale
  Multiplier relu;    // of the same to the scale on which 3.0 is 32768
};

HardSwish hard_swish_multipliers(const Tensor& in, const Tensor& out) {
  const float fine_scale = (1.0F / 128.0F) * affine(in).scale;
  const float relu_scale = 3.0F / 32768.0F;
  return {quantize_multiplier(fine_scale / affine(out).scale), quantize_multiplier(fine_scale / relu_scale)};
}

ByteFunction hard_swish_s8(const Tensor& in, const Tensor& out) {
  const int32_t x_zero = affine(in).zero;
  const int32_t y_zero = affine(out).zero;
  const HardSwish m = hard_swish_multipliers(in, out);
  const int32_t output_multiplier = to_multiplier_16(m.output.multiplier);
  const int32_t relu_multiplier = to_multiplier_16(m.relu.multiplier);
  return [=](int32_t v) {
    const int32_t fine = (v - x_zero) * 128;
    const int32_t scaled = rounding_high_mul_16(fine, output_multiplier);
    int64_t relu = fine;
    // The left shift saturates; its last bit comes after the multiplication, where saturation is what relu6 means.
    if (m.relu.shift > 0) relu = to_s16(relu * (int64_t{1} << (m.relu.shift - 1)));
    relu = rounding_high_mul_16(static_cast<int32_t>(relu), relu_multiplier);
    if (m.relu.shift > 0) relu = to_s16(relu * 2);
    if (m.relu.shift < 0) relu = oracle::rounding_shift_right(static_cast<int32_t>(relu), -m.relu.shift);
    relu = (relu + 32768) / 2;  // never negative: now in [0, 1] with 15 fractional bits
    const auto product = static_cast<int32_t>(relu * scaled / (1 << 15));  // towards zero
    return to_s8(oracle::rounding_shift_right(product, -m.output.shift) + y_zero);
  };
}

Result<std::vector<TensorType>> infer_hard_swish(const Graph& graph, const Node& node) {
  auto types = infer_unary(graph, node);
  if (!types || !is_s8(graph, node)) return types;
  const Tensor& in = graph.at(node.in(0));
  const Tensor& out = graph.at(node.out(0));
  // The reference demands an output shift of at most 0, and its 16-bit right shifts mean nothing beyond 15.
  if (!ratio_ok(graph, node) || !(affine(in).scale < 1e6F)) return elementwise::scales_too_far_apart(graph, node);
  const HardSwish m = hard_swish_multipliers(in, out);
  if (m.output.shift > 0 || m.output.shift < -15 || m.output.multiplier == 0 || m.relu.shift < -15 ||
      m.relu.shift > 30 || m.relu.multiplier == 0) {
    return elementwise::scales_too_far_apart(graph, node);
  }
  return types;
}

float hard_swish(float x) { return x * std::min(6.0F, std::max(0.0F, x + 3.0F)) / 6.0F; }

void evaluate_hard_swish(const Evaluation& e) {
  if (is_s8(e.graph, e.node)) return elementwise::evaluate_bytes(e, hard_swish_s8(*e.in[0]->type, *e.out[0]->type));
  evaluate_floats(e, hard_swish);
}

Outcome lower_hard_swish(Lowering& l) {
  if (l.input(0).dtype == DType::i8) {
    elementwise::lower_bytes(l, hard_swish_s8(l.input(0), l.output()));
    return Done{};
  }
  return lower_float(l, SMELT_KERNEL(hard_swish_f32), "smelt::UnaryF32", UnaryF32{row_elements(l.output().shape)},
                     "row");
}

// ---- logistic, tanh: in int8, the float function of the dequantized value, quantized ----

Result<std::vector<TensorType>> infer_transform(const Graph& graph, const Node& node) {
  auto types = infer_unary(graph, node);
  // The functions' values are at most 1 in magnitude, so this bounds what is converted to an integer.
  if (types && is_s8(graph, node) && !(affine(graph.at(node.out(0))).scale > 1.0F / largest_ratio)) {
    return elementwise::scales_too_far_apart(graph, node);
  }
  return types;
}

float logistic_of_table(float x) { return 1.0F / (1.0F + std::exp(-x)); }

float logistic_of_floats(float x) {
  if (x > 16.619047164916992188F) return 1.0F;
  if (x < -9.0F) return std::exp(x);
  return 1.0F / (1.0F + std::exp(-x));
}

float tanh_of(float x) { return std::tanh(x); }

void evaluate_logistic(const Evaluation& e) {
  if (activation_s16::applies(e.graph, e.node)) return activation_s16::evaluate(e);
  if (is_s8(e.graph, e.node)) {
    return elementwise::evaluate_bytes(e, elementwise::transform(logistic_of_table, *e.in[0]->type, *e.out[0]->type));
  }
  evaluate_floats(e, logistic_of_floats);
}

void evaluate_tanh(const Evaluation& e) {
  if (activation_s16::applies(e.graph, e.node)) return activation_s16::evaluate(e);
  if (is_s8(e.graph, e.node)) {
    return elementwise::evaluate_bytes(e, elementwise::transform(tanh_of, *e.in[0]->type, *e.out[0]->type));
  }
  evaluate_floats(e, tanh_of);
}

Outcome lower_transform(Lowering& l, float (*table)(float), const char* symbol, Kernel kernel) {
  if (activation_s16::applies(l.graph, l.node)) return activation_s16::lower(l);
  if (l.input(0).dtype == DType::i8) {
    elementwise::lower_bytes(l, elementwise::transform(table, l.input(0), l.output()));
    return Done{};
  }
  return lower_float(l, symbol, kernel, "smelt::UnaryF32", UnaryF32{row_elements(l.output().shape)}, "row");
}

Outcome lower_logistic(Lowering& l) { return lower_transform(l, logistic_of_table, SMELT_KERNEL(logistic_f32)); }
Outcome lower_tanh(Lowering& l) { return lower_transform(l, tanh_of, SMELT_KERNEL(tanh_rows_f32)); }

OpDef clip(const char* name, const char* tflite) {
  OpDef op{name, {tflite}, nullptr, infer_clip, evaluate_clip, lower_clip};
  op.as_activation = clip_word;
  op.is_identity = clips_nothing;
  op.bytewise = true;
  op.channels = each_channel;
  op.under_view = view::unchanged;
  op.rescales = true;
  return op;
}

Outcome denormalize_leaky_relu(Graph& /*graph*/, Node& node) {
  raw::name(node, "LEAKY_RELU", "LeakyReluOptions");
  return Done{};
}

OpDef curve(const char* name, const char* tflite, decltype(OpDef::normalize) normalize, decltype(OpDef::infer) infer,
            decltype(OpDef::evaluate) evaluate, decltype(OpDef::lower) lower) {
  OpDef op{name, {tflite}, normalize, infer, evaluate, lower};
  if (evaluate == evaluate_logistic) op.output_range = RealRange{0, 1};
  if (evaluate == evaluate_tanh) op.output_range = RealRange{-1, 1};
  op.denormalize = normalize == normalize_leaky_relu ? denormalize_leaky_relu : nullptr;
  op.bytewise = true;
  op.channels = each_channel;
  op.under_view = view::unchanged;
  op.rescales = true;
  return op;
}

}  // namespace

extern const OpDef op_relu = clip("relu", "RELU");
extern const OpDef op_relu6 = clip("relu6", "RELU6");
extern const OpDef op_relu_n1_to_1 = clip("relu_n1_to_1", "RELU_N1_TO_1");
extern const OpDef op_leaky_relu =
    curve("leaky_relu", "LEAKY_RELU", normalize_leaky_relu, infer_leaky_relu, evaluate_leaky_relu, lower_leaky_relu);
extern const OpDef op_hard_swish =
    curve("hard_swish", "HARD_SWISH", nullptr, infer_hard_swish, evaluate_hard_swish, lower_hard_swish);
extern const OpDef op_logistic =
    curve("logistic", "LOGISTIC", nullptr, infer_transform, evaluate_logistic, lower_logistic);
extern const OpDef op_tanh = curve("tanh", "TANH", nullptr, infer_transform, evaluate_tanh, lower_tanh);

}  // namespace smelt
