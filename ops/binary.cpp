// ADD, SUB, MUL, MAXIMUM, MINIMUM.
// Source: TensorFlow Lite, kernels/{add,sub,mul,maximum_minimum}.cc and
// kernels/internal/reference/integer_ops/{add,mul}.h.
#include "runtime/ops/binary.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "ops/pairs.hpp"
#include "ops/quantize.hpp"
#include "ops/raw.hpp"
#include "ops/shifted_sum.hpp"
#include "ops/sum_scale.hpp"
#include "runtime/ops/binary_s16.hpp"
#include "runtime/ops/integers.hpp"
#include "ops/view.hpp"

namespace smelt {
namespace {

// ---- what all five share ----

Outcome normalize_arithmetic(Graph& graph, Node& node) {
  if (!shifted_sum::applies(graph, node)) node.attrs.erase("pot_scale_int16");
  return elementwise::normalize_activation(graph, node);
}

bool is_quantized(DType type) { return type == DType::i8 || type == DType::i16; }

std::string activation_of(const Node& node) { return node.attrs.s("activation", "none"); }

Result<std::vector<TensorType>> infer_binary(const Graph& graph, const Node& node) {
  const Result<Shape> shape = pairs::check(graph, node);
  if (!shape) return shape.failure();
  const DType type = graph.at(node.in(0)).dtype;
  if (!is_quantized(type) && type != DType::f32 && type != DType::i32 && type != DType::i64) {
    return elementwise::unsupported_type(graph, node, type, "i8, i16, i32, i64, f32");
  }
  return std::vector<TensorType>{{type, *shape}};
}

template <class F>
void evaluate_clamped(const Evaluation& e, F element) {
  const FloatRange range = float_activation(activation_of(e.node));
  pairs::evaluate<float, float>(e, [&](float a, float b) { return std::min(std::max(element(a, b), range.low), range.high); });
}

/// Integers wrap around, as in the reference on its hardware. T: i32 or i64.
template <class T, class F>
void evaluate_wrapping(const Evaluation& e, F element) {
  using U = std::make_unsigned_t<T>;
  const IntegerRange range = integer_activation(activation_of(e.node));
  pairs::evaluate<T, T>(e, [&](T a, T b) {
    return range.clamped(static_cast<T>(element(static_cast<U>(a), static_cast<U>(b))));
  });
}

bool is_plain_integer(DType type) { return type == DType::i32 || type == DType::i64; }

struct DeviceKernel {
  const char* symbol;
  Kernel function;
};

Outcome lower_integers(Lowering& l, DeviceKernel s32, DeviceKernel s64) {
  const IntegerRange range = integer_activation(activation_of(l.node));
  const DeviceKernel& kernel = l.output().dtype == DType::i64 ? s64 : s32;
  l.kernel("ops/integers.hpp", kernel.symbol, kernel.function);
  l.params("smelt::PairsInteger", PairsInteger{pairs::lay_out(l), range.low, range.high}, "walk low high");
  return Done{};
}

Outcome lower_f32(Lowering& l, const char* symbol, Kernel kernel) {
  const FloatRange range = float_activation(activation_of(l.node));
  l.kernel("ops/binary.hpp", symbol, kernel);
  l.params("smelt::BinaryF32", BinaryF32{pairs::lay_out(l), float_bits(range.low), float_bits(range.high)},
           "walk low high");
  return Done{};
}

/// 2^(shift - 1), what the device adds before it shifts right.
int32_t half_of(int32_t shift) { return shift == 0 ? 0 : int32_t{1} << (shift - 1); }

// ---- add, sub: subtraction is addition with the second multiplier negated, rounding included ----

struct Sum {
  Multiplier a, b, out;
};

/// Bits by which both inputs are moved to the left before they are added.
int left_shift(DType type) { return type == DType::i16 ? 15 : 20; }

Sum sum_multipliers(const Graph& graph, const Node& node) {
  const float a = graph.at(node.in(0)).quant.scale.at(0);
  const float b = graph.at(node.in(1)).quant.scale.at(0);
  const double twice_larger = 2 * std::max(a, b);
  const Tensor& y = graph.at(node.out(0));
  const double out = static_cast<float>(1 << left_shift(y.dtype)) * y.quant.scale.at(0);
  return {quantize_multiplier(a / twice_larger), quantize_multiplier(b / twice_larger),
          quantize_multiplier(twice_larger / out)};
}

Result<std::vector<TensorType>> infer_sum(const Graph& graph, const Node& node) {
  auto types = infer_binary(graph, node);
  if (!types || !is_quantized(types->at(0).dtype)) return types;
  if (Outcome o = pairs::check_quantized(graph, node); !o) return o.failure();
  if (shifted_sum::applies(graph, node)) {
    if (Outcome o = shifted_sum::check(graph, node); !o) return o.failure();
    return types;
  }
  // The reference demands an output multiplier below 1, here with room for one rounding up; floats must not overflow.
  const double larger = std::max(graph.at(node.in(0)).quant.scale.at(0), graph.at(node.in(1)).quant.scale.at(0));
  const double out = graph.at(node.out(0)).quant.scale.at(0);
  const int most = 1 << (left_shift(types->at(0).dtype) - 2);
  if (!(larger < 1e30 && out < 1e30 && 2 * larger / out < most)) {
    return elementwise::scales_too_far_apart(graph, node);
  }
  return types;
}

/// The reference's answer for a pair of stored values.
class SumReference {
 public:
  SumReference(const Graph& graph, const Node& node, bool subtract)
      : m_(sum_multipliers(graph, node)),
        a_zero_(graph.at(node.in(0)).quant.zero_point.at(0)),
        b_zero_(graph.at(node.in(1)).quant.zero_point.at(0)),
        out_zero_(graph.at(node.out(0)).quant.zero_point.at(0)),
        range_(quantized_activation(activation_of(node), graph.at(node.out(0)).quant, graph.at(node.out(0)).dtype)),
        unit_(1 << left_shift(graph.at(node.out(0)).dtype)) {
    if (subtract) m_.b.multiplier = -m_.b.multiplier;
  }
  int32_t operator()(int32_t a, int32_t b) const {
    const int32_t sum = oracle::requantize((a - a_zero_) * unit_, m_.a) + oracle::requantize((b - b_zero_) * unit_, m_.b);
    const int32_t y = oracle::requantize(sum, m_.out) + out_zero_;
    return std::min(range_.high, std::max(range_.low, y));
  }
  /// The same without its roundings.
  PairSum exact() const {
    const auto ratio = [&](const Multiplier& m) {
      return std::ldexp(double(m.multiplier) * m_.out.multiplier, 20 + m.shift + m_.out.shift - 62);
    };
    return {ratio(m_.a), ratio(m_.b), a_zero_, b_zero_, out_zero_, range_.low, range_.high};
  }

 private:
  Sum m_;
  int32_t a_zero_, b_zero_, out_zero_;
  ActivationRange range_;
  int32_t unit_;
};

template <class T>
void evaluate_sum(const Evaluation& e, bool subtract) {
  const SumReference reference(e.graph, e.node, subtract);
  pairs::evaluate<T, T>(e, [&](int32_t a, int32_t b) { return static_cast<T>(reference(a, b)); });
}

void evaluate_sum_s16(const Evaluation& e, bool subtract) {
  shifted_sum::applies(e.graph, e.node) ? shifted_sum::evaluate(e, subtract) : evaluate_sum<int16_t>(e, subtract);
}

void evaluate_add(const Evaluation& e) {
  switch (e.out[0]->type->dtype) {
    case DType::i8:
      return evaluate_sum<int8_t>(e, false);
    case DType::i16:
      return evaluate_sum_s16(e, false);
    case DType::i32:
      return evaluate_wrapping<int32_t>(e, [](auto a, auto b) { return a + b; });
    case DType::i64:
      return evaluate_wrapping<int64_t>(e, [](auto a, auto b) { return a + b; });
    default:
      return evaluate_clamped(e, [](float a, float b) { return a + b; });
  }
}

void evaluate_sub(const Evaluation& e) {
  switch (e.out[0]->type->dtype) {
    case DType::i8:
      return evaluate_sum<int8_t>(e, true);
    case DType::i16:
      return evaluate_sum_s16(e, true);
    case DType::i32:
      return evaluate_wrapping<int32_t>(e, [](auto a, auto b) { return a - b; });
    case DType::i64:
      return evaluate_wrapping<int64_t>(e, [](auto a, auto b) { return a - b; });
    default:
      return evaluate_clamped(e, [](float a, float b) { return a - b; });
  }
}

Outcome lower_sum(Lowering& l, bool subtract) {
  if (shifted_sum::applies(l.graph, l.node)) return shifted_sum::lower(l, subtract);
  const SumReference reference(l.graph, l.node, subtract);
  const PairSum exact = reference.exact();
  const DType type = l.output().dtype;
  if (const auto scale = type == DType::i8 ? fit_sum_scale(exact, reference) : std::nullopt) {
    const WeightedAddS8 p{pairs::lay_out(l), *scale, {0, exact.high - exact.low, exact.low}};
    l.kernel("ops/binary.hpp", SMELT_KERNEL(weighted_add_s8));
    l.params("smelt::WeightedAddS8", p,
             "walk sum.weight_a sum.weight_b sum.bias sum.centre to.offset to.span to.low");
    return Done{};
  }
  const Sum m = sum_multipliers(l.graph, l.node);
  const int first = l.input(0).quant.scale.at(0) >= l.input(1).quant.scale.at(0) ? 0 : 1;  // the larger scale
  const Quantization& a = l.input(static_cast<size_t>(first)).quant;
  const Quantization& b = l.input(static_cast<size_t>(1 - first)).quant;
  const Quantization& out = l.output().quant;
  const ActivationRange range = quantized_activation(activation_of(l.node), out, type);
  const int32_t unit = 1 << left_shift(type);
  const bool negative_a = subtract && first == 1;
  const bool negative_b = subtract && first == 0;
  // Half of everything, exactly, is multiplier 2^30 without a shift. The kernel wants one: 2^31 - 1, then 1 to the
  // right, which for x = (b - zero) * 2^21 is floor((x * (2^31 - 1) + 2^31) / 2^32) = x / 2, then x / 4 as wanted,
  // since |x| < 2^31.
  Multiplier mb = first == 0 ? m.b : m.a;
  if (mb.shift == 0 && mb.multiplier != 0) mb = {2147483647, -1};
  const int32_t shift_b = std::max(1, -mb.shift);
  const int32_t shift = std::max(1, -m.out.shift);  // 0 only with multiplier 0
  AddS8 p{};
  p.walk = pairs::lay_out(l, first);
  p.bias_a = -a.zero_point.at(0) * (negative_a ? -unit : unit);
  p.bias_b = -b.zero_point.at(0) * 2 * unit;
  p.multiplier_b = negative_b ? -mb.multiplier : mb.multiplier;
  p.half_b = half_of(shift_b);
  p.shift_b = shift_b;
  p.multiplier = m.out.multiplier;
  p.half = half_of(shift);
  p.shift = shift;
  p.zero = out.zero_point.at(0);
  p.low = range.low;
  p.high = range.high;
  if (type == DType::i16) {
    negative_a ? l.kernel("ops/binary_s16.hpp", SMELT_KERNEL(subtract_a_s16))
               : l.kernel("ops/binary_s16.hpp", SMELT_KERNEL(add_s16));
  } else if (negative_a) {
    l.kernel("ops/binary.hpp", SMELT_KERNEL(subtract_a_s8));
  } else {
    l.kernel("ops/binary.hpp", SMELT_KERNEL(add_s8));
  }
  l.params("smelt::AddS8", p, "walk bias_a bias_b multiplier_b half_b shift_b multiplier half shift zero low high");
  return Done{};
}

Outcome lower_add(Lowering& l) {
  if (is_plain_integer(l.output().dtype)) return lower_integers(l, {SMELT_KERNEL(add_s32)}, {SMELT_KERNEL(add_s64)});
  return is_quantized(l.output().dtype) ? lower_sum(l, false) : lower_f32(l, SMELT_KERNEL(add_f32));
}

Outcome lower_sub(Lowering& l) {
  if (is_plain_integer(l.output().dtype)) return lower_integers(l, {SMELT_KERNEL(sub_s32)}, {SMELT_KERNEL(sub_s64)});
  return is_quantized(l.output().dtype) ? lower_sum(l, true) : lower_f32(l, SMELT_KERNEL(sub_f32));
}

// ---- mul ----

/// In float, as the reference computes it.
float product_ratio(const Graph& graph, const Node& node) {
  return graph.at(node.in(0)).quant.scale.at(0) * graph.at(node.in(1)).quant.scale.at(0) /
         graph.at(node.out(0)).quant.scale.at(0);
}

Result<std::vector<TensorType>> infer_mul(const Graph& graph, const Node& node) {
  auto types = infer_binary(graph, node);
  if (!types || !is_quantized(types->at(0).dtype)) return types;
  if (Outcome o = pairs::check_quantized(graph, node); !o) return o.failure();
  // From here on a product of up to 255 * 255, or of 2^30, times the ratio would not fit 32 bits.
  const float most = types->at(0).dtype == DType::i16 ? 1.0F : 16383.0F;
  if (!(product_ratio(graph, node) < most)) return elementwise::scales_too_far_apart(graph, node);
  return types;
}

void evaluate_mul(const Evaluation& e) {
  if (e.out[0]->type->dtype == DType::i32) return evaluate_wrapping<int32_t>(e, [](auto a, auto b) { return a * b; });
  if (e.out[0]->type->dtype == DType::i64) return evaluate_wrapping<int64_t>(e, [](auto a, auto b) { return a * b; });
  if (e.out[0]->type->dtype == DType::f32) return evaluate_clamped(e, [](float a, float b) { return a * b; });
  const Multiplier m = quantize_multiplier(product_ratio(e.graph, e.node));
  const Quantization& out = e.out[0]->type->quant;
  const ActivationRange range = quantized_activation(activation_of(e.node), out, e.out[0]->type->dtype);
  if (e.out[0]->type->dtype == DType::i16) {
    return pairs::evaluate<int16_t, int16_t>(e, [&](int32_t a, int32_t b) {
      return static_cast<int16_t>(std::min(range.high, std::max(range.low, oracle::requantize(a * b, m))));
    });
  }
  const int32_t a_zero = e.in[0]->type->quant.zero_point.at(0);
  const int32_t b_zero = e.in[1]->type->quant.zero_point.at(0);
  const int32_t out_zero = out.zero_point.at(0);
  pairs::evaluate<int8_t, int8_t>(e, [&](int32_t a, int32_t b) {
    const int32_t y = oracle::requantize((a - a_zero) * (b - b_zero), m) + out_zero;
    return static_cast<int8_t>(std::min(range.high, std::max(range.low, y)));
  });
}

Outcome lower_mul(Lowering& l) {
  if (is_plain_integer(l.output().dtype)) return lower_integers(l, {SMELT_KERNEL(mul_s32)}, {SMELT_KERNEL(mul_s64)});
  if (l.output().dtype == DType::f32) return lower_f32(l, SMELT_KERNEL(mul_f32));
  const Multiplier m = quantize_multiplier(product_ratio(l.graph, l.node));
  const Quantization& out = l.output().quant;
  const ActivationRange range = quantized_activation(activation_of(l.node), out, l.output().dtype);
  if (l.output().dtype == DType::i16) {
    l.kernel("ops/binary_s16.hpp", SMELT_KERNEL(mul_s16));
    l.params("smelt::MulS16", MulS16{pairs::lay_out(l), m.multiplier, ~m.shift, range.low, range.high},
             "walk multiplier right low high");
    return Done{};
  }
  MulS8 p{};
  p.walk = pairs::lay_out(l);
  p.coefficient_a = int32_t{2} << std::max(0, m.shift);
  p.bias_a = -l.input(0).quant.zero_point.at(0) * p.coefficient_a;
  p.zero_b = l.input(1).quant.zero_point.at(0);
  p.multiplier = m.multiplier;
  p.shift = std::max(0, -m.shift);
  p.half = half_of(p.shift);
  p.away = p.shift == 0 ? 0 : -1;
  p.zero = out.zero_point.at(0);
  p.low = range.low;
  p.high = range.high;
  l.kernel("ops/binary.hpp", SMELT_KERNEL(mul_s8));
  l.params("smelt::MulS8", p, "walk coefficient_a bias_a zero_b multiplier half shift away zero low high");
  return Done{};
}

// ---- maximum, minimum: stored values are compared, as in the reference, which takes all quantizations for equal ----

template <class F>
void evaluate_selected(const Evaluation& e, F better) {
  const auto select = [&](auto a, auto b) { return better(a, b) ? a : b; };
  switch (e.out[0]->type->dtype) {
    case DType::i8:
      return pairs::evaluate<int8_t, int8_t>(e, select);
    case DType::i16:
      return pairs::evaluate<int16_t, int16_t>(e, select);
    case DType::i32:
      return pairs::evaluate<int32_t, int32_t>(e, select);
    case DType::i64:
      return pairs::evaluate<int64_t, int64_t>(e, select);
    default:
      return pairs::evaluate<float, float>(e, select);
  }
}

void evaluate_maximum(const Evaluation& e) {
  evaluate_selected(e, [](auto a, auto b) { return a > b; });
}

void evaluate_minimum(const Evaluation& e) {
  evaluate_selected(e, [](auto a, auto b) { return a < b; });
}

Outcome lower_selected(Lowering& l, DeviceKernel s8, DeviceKernel s16, DeviceKernel s32, DeviceKernel s64, DeviceKernel f32) {
  const DType type = l.output().dtype;
  if (is_plain_integer(type)) return lower_integers(l, s32, s64);
  const DeviceKernel& kernel = type == DType::i8 ? s8 : type == DType::i16 ? s16 : f32;
  l.kernel(type == DType::i16 ? "ops/binary_s16.hpp" : "ops/binary.hpp", kernel.symbol, kernel.function);
  l.params("smelt::Pairs", Pairs{pairs::lay_out(l)}, "walk");
  return Done{};
}

Outcome lower_maximum(Lowering& l) {
  return lower_selected(l, {SMELT_KERNEL(maximum_s8)}, {SMELT_KERNEL(maximum_s16)}, {SMELT_KERNEL(maximum_s32)},
                        {SMELT_KERNEL(maximum_s64)}, {SMELT_KERNEL(maximum_f32)});
}

Outcome lower_minimum(Lowering& l) {
  return lower_selected(l, {SMELT_KERNEL(minimum_s8)}, {SMELT_KERNEL(minimum_s16)}, {SMELT_KERNEL(minimum_s32)},
                        {SMELT_KERNEL(minimum_s64)}, {SMELT_KERNEL(minimum_f32)});
}

/// Only those with a fused activation have fields among their options.
Outcome denormalize_arithmetic(Graph& graph, Node& node) {
  raw::put_activation(node);
  if (node.op != "mul") node.attrs.set("pot_scale_int16", int64_t{shifted_sum::applies(graph, node) ? 1 : 0});
  if (node.op == "add") raw::name(node, "ADD", "AddOptions");
  if (node.op == "sub") raw::name(node, "SUB", "SubOptions");
  if (node.op == "mul") raw::name(node, "MUL", "MulOptions");
  return Done{};
}

/// One float for each channel, or one for all, as operand `side` of a sum or product; empty where it is neither.
std::optional<std::vector<float>> channel_constants(const Graph& graph, const Node& node, size_t side) {
  const Tensor& t = graph.at(node.in(side));
  const Shape& out = graph.at(node.out()).shape;
  const Shape& other = graph.at(node.in(1 - side)).shape;
  if (!t.constant() || t.dtype != DType::f32 || out.empty() || other != out) return std::nullopt;
  const int64_t count = elements(t.shape);
  if (count != 1 && (count != out.back() || t.shape.back() != out.back())) return std::nullopt;
  std::vector<float> values(t.as<float>(), t.as<float>() + count);
  values.resize(static_cast<size_t>(out.back()), values.front());
  return values;
}

std::optional<ChannelAffine> channel_affine(const Graph& graph, const Node& node) {
  if (activation_of(node) != "none" || graph.at(node.in(0)).constant()) return std::nullopt;
  auto values = channel_constants(graph, node, 1);
  if (!values) return std::nullopt;
  if (node.op == "mul") return ChannelAffine{*values, std::vector<float>(values->size(), 0.0F)};
  if (node.op == "sub") {
    for (float& v : *values) v = -v;
  }
  if (node.op != "add" && node.op != "sub") return std::nullopt;
  return ChannelAffine{std::vector<float>(values->size(), 1.0F), *values};
}

OpDef binary(const char* name, const char* tflite, decltype(OpDef::normalize) normalize, decltype(OpDef::infer) infer,
             decltype(OpDef::evaluate) evaluate, decltype(OpDef::lower) lower) {
  OpDef op{name, {tflite}, normalize, infer, evaluate, lower};
  op.fuses_activation = normalize != nullptr;
  op.denormalize = normalize != nullptr ? denormalize_arithmetic : nullptr;
  op.channels = each_channel;
  op.under_view = view::unchanged;
  op.rescales = normalize != nullptr;
  if (normalize != nullptr) op.channel_affine = channel_affine;
  return op;
}

}  // namespace

extern const OpDef op_add = binary("add", "ADD", normalize_arithmetic, infer_sum, evaluate_add, lower_add);
extern const OpDef op_maximum = binary("maximum", "MAXIMUM", nullptr, infer_binary, evaluate_maximum, lower_maximum);
extern const OpDef op_minimum = binary("minimum", "MINIMUM", nullptr, infer_binary, evaluate_minimum, lower_minimum);
extern const OpDef op_mul = binary("mul", "MUL", normalize_arithmetic, infer_mul, evaluate_mul, lower_mul);
extern const OpDef op_sub = binary("sub", "SUB", normalize_arithmetic, infer_sum, evaluate_sub, lower_sub);

}  // namespace smelt
