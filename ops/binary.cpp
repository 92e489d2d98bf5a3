// ADD, SUB, MUL, MAXIMUM, MINIMUM.
// Source: TensorFlow Lite, kernels/{add,sub,mul,maximum_minimum}.cc and
// kernels/internal/reference/integer_ops/{add,mul}.h.
#include "runtime/ops/binary.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "ops/broadcast.hpp"
#include "ops/elementwise.hpp"
#include "ops/quantize.hpp"
#include "ops/raw.hpp"
#include "ops/sum_scale.hpp"

namespace smelt {
namespace {

// ---- what all five share ----

Outcome normalize_arithmetic(Graph& graph, Node& node) {
  node.attrs.erase("pot_scale_int16");
  return elementwise::normalize_activation(graph, node);
}

std::string activation_of(const Node& node) { return node.attrs.s("activation", "none"); }

/// Shapes and types. int32 is for shapes computed in the graph: oracles know it, so it can be folded; kernels do not.
Result<std::vector<TensorType>> infer_binary(const Graph& graph, const Node& node) {
  if (Outcome o = elementwise::check_operands(graph, node, 2); !o) return o.failure();
  const Tensor& a = graph.at(node.in(0));
  const Tensor& b = graph.at(node.in(1));
  if (a.dtype != DType::i8 && a.dtype != DType::f32 && a.dtype != DType::i32) {
    return elementwise::unsupported_type(graph, node, a.dtype, "i8, f32");
  }
  if (a.dtype != b.dtype) {
    return fail(graph, node, "E0302",
                std::string("the inputs are of types ") + to_string(a.dtype) + " and " + to_string(b.dtype));
  }
  const std::optional<Shape> shape = broadcast(a.shape, b.shape);
  if (!shape) {
    return fail(graph, node, "E0302",
                "shapes " + to_string(a.shape) + " and " + to_string(b.shape) + " do not broadcast to one another");
  }
  if (elements(*shape) * size_of(a.dtype) > max_tensor_bytes)
    return fail(graph, node, "E0302", "the output is too large");
  return std::vector<TensorType>{{a.dtype, *shape}};
}

Outcome check_quantized(const Graph& graph, const Node& node) {
  for (TensorId id : {node.in(0), node.in(1), node.out(0)}) {
    if (Outcome o = elementwise::check_per_tensor(graph, node, id); !o) return o;
  }
  return Done{};
}

template <class T, class F>
void evaluate_pairs(const Evaluation& e, F element) {
  const Shape& out = e.out[0]->type->shape;
  for (int64_t i = 0; i < elements(out); ++i) {
    const T a = e.in[0]->as<T>()[broadcast_index(i, out, e.in[0]->type->shape)];
    const T b = e.in[1]->as<T>()[broadcast_index(i, out, e.in[1]->type->shape)];
    e.out[0]->as<T>()[i] = element(a, b);
  }
}

template <class F>
void evaluate_clamped(const Evaluation& e, F element) {
  const FloatRange range = float_activation(activation_of(e.node));
  evaluate_pairs<float>(e, [&](float a, float b) { return std::min(std::max(element(a, b), range.low), range.high); });
}

/// int32 wraps around, as in the reference on its hardware.
template <class F>
void evaluate_wrapping(const Evaluation& e, F element) {
  const std::string activation = activation_of(e.node);
  evaluate_pairs<int32_t>(e, [&](int32_t a, int32_t b) {
    const auto y = static_cast<int32_t>(element(static_cast<uint32_t>(a), static_cast<uint32_t>(b)));
    if (activation == "none") return y;
    const FloatRange range = float_activation(activation);
    if (y < range.low) return static_cast<int32_t>(range.low);
    return y > range.high ? static_cast<int32_t>(range.high) : y;
  });
}

/// Rows and in-place inputs; answers the walk's offset in the constants. Operand a is the node's input `first`.
int32_t lay_out(Lowering& l, int first) {
  const Tensor& a = l.input(static_cast<size_t>(first));
  const Tensor& b = l.input(static_cast<size_t>(1 - first));
  BroadcastWalk walk = walk_broadcast(a.shape, b.shape, size_of(a.dtype), 1 + first);
  const int32_t rows = row_count(l.output().shape);
  std::vector<RowRange> made;
  for (int32_t r = 0; r < rows; ++r) made.push_back({r, r + 1});
  if (first == 1) std::swap(walk.needs_a, walk.needs_b);
  l.steps(rows, {std::move(walk.needs_a), std::move(walk.needs_b)}, {std::move(made)});
  for (int i : {0, 1}) {
    const Tensor& t = l.input(static_cast<size_t>(i));
    if (!t.constant() && t.shape == l.output().shape) l.in_place(i);
  }
  return static_cast<int32_t>(l.pool.add(l.name("walk"), walk.words));
}

Outcome lower_f32(Lowering& l, const char* symbol, Kernel kernel) {
  const FloatRange range = float_activation(activation_of(l.node));
  l.kernel("ops/binary.hpp", symbol, kernel);
  l.params("smelt::BinaryF32", BinaryF32{lay_out(l, 0), float_bits(range.low), float_bits(range.high)},
           "walk low high");
  return Done{};
}

/// 2^(shift - 1), what the device adds before it shifts right.
int32_t half_of(int32_t shift) { return shift == 0 ? 0 : int32_t{1} << (shift - 1); }

// ---- add, sub: subtraction is addition with the second multiplier negated, rounding included ----

struct Sum {
  Multiplier a, b, out;
};

Sum sum_multipliers(const Graph& graph, const Node& node) {
  const float a = graph.at(node.in(0)).quant.scale.at(0);
  const float b = graph.at(node.in(1)).quant.scale.at(0);
  const double twice_larger = 2 * std::max(a, b);
  const double out = (1 << 20) * graph.at(node.out(0)).quant.scale.at(0);
  return {quantize_multiplier(a / twice_larger), quantize_multiplier(b / twice_larger),
          quantize_multiplier(twice_larger / out)};
}

Result<std::vector<TensorType>> infer_sum(const Graph& graph, const Node& node) {
  auto types = infer_binary(graph, node);
  if (!types || types->at(0).dtype != DType::i8) return types;
  if (Outcome o = check_quantized(graph, node); !o) return o.failure();
  // The reference demands an output multiplier below 1, here with room for one rounding up; floats must not overflow.
  const double larger = std::max(graph.at(node.in(0)).quant.scale.at(0), graph.at(node.in(1)).quant.scale.at(0));
  const double out = graph.at(node.out(0)).quant.scale.at(0);
  if (!(larger < 1e30 && out < 1e30 && 2 * larger / out < (1 << 18))) {
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
        range_(quantized_activation(activation_of(node), graph.at(node.out(0)).quant, DType::i8)) {
    if (subtract) m_.b.multiplier = -m_.b.multiplier;
  }
  int8_t operator()(int32_t a, int32_t b) const {
    const int32_t sum =
        oracle::requantize((a - a_zero_) * (1 << 20), m_.a) + oracle::requantize((b - b_zero_) * (1 << 20), m_.b);
    const int32_t y = oracle::requantize(sum, m_.out) + out_zero_;
    return static_cast<int8_t>(std::min(range_.high, std::max(range_.low, y)));
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
};

void evaluate_add(const Evaluation& e) {
  switch (e.out[0]->type->dtype) {
    case DType::i8:
      return evaluate_pairs<int8_t>(e, SumReference(e.graph, e.node, false));
    case DType::i32:
      return evaluate_wrapping(e, [](uint32_t a, uint32_t b) { return a + b; });
    default:
      return evaluate_clamped(e, [](float a, float b) { return a + b; });
  }
}

void evaluate_sub(const Evaluation& e) {
  switch (e.out[0]->type->dtype) {
    case DType::i8:
      return evaluate_pairs<int8_t>(e, SumReference(e.graph, e.node, true));
    case DType::i32:
      return evaluate_wrapping(e, [](uint32_t a, uint32_t b) { return a - b; });
    default:
      return evaluate_clamped(e, [](float a, float b) { return a - b; });
  }
}

Outcome lower_sum_s8(Lowering& l, bool subtract) {
  const SumReference reference(l.graph, l.node, subtract);
  const PairSum exact = reference.exact();
  if (const auto scale = fit_sum_scale(exact, reference)) {
    const WeightedAddS8 p{lay_out(l, 0), *scale, {0, exact.high - exact.low, exact.low}};
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
  const ActivationRange range = quantized_activation(activation_of(l.node), out, DType::i8);
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
  p.walk = lay_out(l, first);
  p.bias_a = -a.zero_point.at(0) * (negative_a ? -(1 << 20) : 1 << 20);
  p.bias_b = -b.zero_point.at(0) * (1 << 21);
  p.multiplier_b = negative_b ? -mb.multiplier : mb.multiplier;
  p.half_b = half_of(shift_b);
  p.shift_b = shift_b;
  p.multiplier = m.out.multiplier;
  p.half = half_of(shift);
  p.shift = shift;
  p.zero = out.zero_point.at(0);
  p.low = range.low;
  p.high = range.high;
  if (negative_a) {
    l.kernel("ops/binary.hpp", SMELT_KERNEL(subtract_a_s8));
  } else {
    l.kernel("ops/binary.hpp", SMELT_KERNEL(add_s8));
  }
  l.params("smelt::AddS8", p, "walk bias_a bias_b multiplier_b half_b shift_b multiplier half shift zero low high");
  return Done{};
}

Outcome lower_add(Lowering& l) {
  if (l.output().dtype == DType::i32) return elementwise::no_kernel(l);
  return l.output().dtype == DType::i8 ? lower_sum_s8(l, false) : lower_f32(l, SMELT_KERNEL(add_f32));
}

Outcome lower_sub(Lowering& l) {
  if (l.output().dtype == DType::i32) return elementwise::no_kernel(l);
  return l.output().dtype == DType::i8 ? lower_sum_s8(l, true) : lower_f32(l, SMELT_KERNEL(sub_f32));
}

// ---- mul ----

/// In float, as the reference computes it.
float product_ratio(const Graph& graph, const Node& node) {
  return graph.at(node.in(0)).quant.scale.at(0) * graph.at(node.in(1)).quant.scale.at(0) /
         graph.at(node.out(0)).quant.scale.at(0);
}

Result<std::vector<TensorType>> infer_mul(const Graph& graph, const Node& node) {
  auto types = infer_binary(graph, node);
  if (!types || types->at(0).dtype != DType::i8) return types;
  if (Outcome o = check_quantized(graph, node); !o) return o.failure();
  // From here on a product of up to 255 * 255 times the ratio would not fit 32 bits.
  if (!(product_ratio(graph, node) < 16383.0F)) return elementwise::scales_too_far_apart(graph, node);
  return types;
}

void evaluate_mul(const Evaluation& e) {
  if (e.out[0]->type->dtype == DType::i32) return evaluate_wrapping(e, [](uint32_t a, uint32_t b) { return a * b; });
  if (e.out[0]->type->dtype == DType::f32) return evaluate_clamped(e, [](float a, float b) { return a * b; });
  const Multiplier m = quantize_multiplier(product_ratio(e.graph, e.node));
  const Quantization& out = e.out[0]->type->quant;
  const ActivationRange range = quantized_activation(activation_of(e.node), out, DType::i8);
  const int32_t a_zero = e.in[0]->type->quant.zero_point.at(0);
  const int32_t b_zero = e.in[1]->type->quant.zero_point.at(0);
  const int32_t out_zero = out.zero_point.at(0);
  evaluate_pairs<int8_t>(e, [&](int32_t a, int32_t b) {
    const int32_t y = oracle::requantize((a - a_zero) * (b - b_zero), m) + out_zero;
    return static_cast<int8_t>(std::min(range.high, std::max(range.low, y)));
  });
}

Outcome lower_mul(Lowering& l) {
  if (l.output().dtype == DType::i32) return elementwise::no_kernel(l);
  if (l.output().dtype == DType::f32) return lower_f32(l, SMELT_KERNEL(mul_f32));
  const Multiplier m = quantize_multiplier(product_ratio(l.graph, l.node));
  const Quantization& out = l.output().quant;
  const ActivationRange range = quantized_activation(activation_of(l.node), out, DType::i8);
  MulS8 p{};
  p.walk = lay_out(l, 0);
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
      return evaluate_pairs<int8_t>(e, select);
    case DType::i32:
      return evaluate_pairs<int32_t>(e, select);
    default:
      return evaluate_pairs<float>(e, select);
  }
}

void evaluate_maximum(const Evaluation& e) {
  evaluate_selected(e, [](auto a, auto b) { return a > b; });
}

void evaluate_minimum(const Evaluation& e) {
  evaluate_selected(e, [](auto a, auto b) { return a < b; });
}

Outcome lower_selected(Lowering& l, const char* symbol_s8, Kernel kernel_s8, const char* symbol_f32,
                       Kernel kernel_f32) {
  if (l.output().dtype == DType::i32) return elementwise::no_kernel(l);
  const bool s8 = l.output().dtype == DType::i8;
  l.kernel("ops/binary.hpp", s8 ? symbol_s8 : symbol_f32, s8 ? kernel_s8 : kernel_f32);
  l.params("smelt::Select", Select{lay_out(l, 0)}, "walk");
  return Done{};
}

Outcome lower_maximum(Lowering& l) { return lower_selected(l, SMELT_KERNEL(maximum_s8), SMELT_KERNEL(maximum_f32)); }

Outcome lower_minimum(Lowering& l) { return lower_selected(l, SMELT_KERNEL(minimum_s8), SMELT_KERNEL(minimum_f32)); }

/// Only those with a fused activation have fields among their options.
Outcome denormalize_arithmetic(Graph& /*graph*/, Node& node) {
  raw::put_activation(node);
  if (node.op == "add") raw::name(node, "ADD", "AddOptions");
  if (node.op == "sub") raw::name(node, "SUB", "SubOptions");
  if (node.op == "mul") raw::name(node, "MUL", "MulOptions");
  return Done{};
}

OpDef binary(const char* name, const char* tflite, decltype(OpDef::normalize) normalize, decltype(OpDef::infer) infer,
             decltype(OpDef::evaluate) evaluate, decltype(OpDef::lower) lower) {
  OpDef op{name, {tflite}, normalize, infer, evaluate, lower};
  op.fuses_activation = normalize != nullptr;
  op.denormalize = normalize != nullptr ? denormalize_arithmetic : nullptr;
  op.channels = each_channel;
  return op;
}

}  // namespace

extern const OpDef op_add = binary("add", "ADD", normalize_arithmetic, infer_sum, evaluate_add, lower_add);
extern const OpDef op_maximum = binary("maximum", "MAXIMUM", nullptr, infer_binary, evaluate_maximum, lower_maximum);
extern const OpDef op_minimum = binary("minimum", "MINIMUM", nullptr, infer_binary, evaluate_minimum, lower_minimum);
extern const OpDef op_mul = binary("mul", "MUL", normalize_arithmetic, infer_mul, evaluate_mul, lower_mul);
extern const OpDef op_sub = binary("sub", "SUB", normalize_arithmetic, infer_sum, evaluate_sub, lower_sub);

}  // namespace smelt
