// Functions of one value, element by element: a line in the table below is an operator. Sources: TensorFlow Lite,
// kernels/{elementwise,exp,neg,elu,gelu,floor,ceil,round,sign}.cc; ONNX, Operators.md, for those that no .tflite file has.
#include "runtime/ops/unary.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "ops/elementwise.hpp"
#include "ops/inverse_sqrt.hpp"
#include "ops/quantize.hpp"
#include "ops/raw.hpp"
#include "ops/view.hpp"
#include "runtime/ops/unary_erf.hpp"
#include "runtime/ops/unary_exp.hpp"
#include "runtime/ops/unary_log.hpp"
#include "runtime/ops/unary_trig.hpp"

namespace smelt {
namespace {

using elementwise::ByteFunction;

/// The function of the real number, in floats, as oracles and tables compute it. alpha, beta: its parameters, if any.
using Exact = float (*)(float x, float alpha, float beta);
using Bytes8 = ByteFunction (*)(Exact, const Tensor& in, const Tensor& out);

struct DeviceKernel {
  const char* symbol = nullptr;
  Kernel function = nullptr;
};

struct Parameter {
  const char* name = nullptr;
  double absent = 0;
};

struct Function {
  const char* name;
  const char* tflite;  ///< null: in no .tflite file
  Exact exact;
  const char* header;
  DeviceKernel kernel;
  Bytes8 bytes = nullptr;  ///< of int8, where the reference has it
  int64_t (*integer)(int64_t) = nullptr;
  DeviceKernel integer_kernel{}, long_integer_kernel{};
  Parameter alpha{}, beta{};
  DType in = DType::f32, out = DType::f32;
};

// ---- int8 ----

int32_t clamp_s8(int32_t x) { return std::clamp(x, -128, 127); }

ByteFunction by_table(Exact exact, const Tensor& in, const Tensor& out) {
  return elementwise::transform([=](float x) { return exact(x, 1, 0); }, in, out);
}

/// Where there is no logarithm stands the least value.
ByteFunction log_bytes(Exact, const Tensor& in, const Tensor& out) {
  const auto least = static_cast<float>(-128 - out.quant.zero_point.at(0)) * out.quant.scale.at(0);
  return elementwise::transform([=](float x) { return x <= 0 ? least : std::log(x); }, in, out);
}

ByteFunction abs_bytes(Exact, const Tensor& in, const Tensor& out) {
  const int32_t x_zero = in.quant.zero_point.at(0);
  const int32_t y_zero = out.quant.zero_point.at(0);
  const float ratio = in.quant.scale.at(0) / out.quant.scale.at(0);
  if (in.quant.scale == out.quant.scale) {
    return [=](int32_t x) { return clamp_s8(std::abs(x - x_zero) + y_zero); };
  }
  const Multiplier m = quantize_multiplier(ratio);
  return [=](int32_t x) { return clamp_s8(oracle::requantize(std::abs(x - x_zero), m) + y_zero); };
}

/// The greatest value for 0, and for the negative numbers that the reference refuses while it runs.
ByteFunction rsqrt_bytes(Exact, const Tensor& in, const Tensor& out) {
  constexpr int32_t digits = 20;  // of the fraction of 1 / sqrt(x - zero)
  const int32_t x_zero = in.quant.zero_point.at(0);
  const int32_t y_zero = out.quant.zero_point.at(0);
  const double root = std::sqrt(in.quant.scale.at(0));  // of a float, in float
  Multiplier m = quantize_multiplier(1.0 / (root * out.quant.scale.at(0)));
  m.shift -= digits;
  return [=](int32_t x) {
    if (x <= x_zero) return 127;
    Multiplier inverse = oracle::inverse_sqrt(x - x_zero);
    inverse.shift += digits;
    return clamp_s8(oracle::requantize(oracle::requantize(1, inverse), m) + y_zero);
  };
}

// ---- the functions ----

int64_t wrapping_negation(int64_t x) { return static_cast<int64_t>(uint64_t{0} - static_cast<uint64_t>(x)); }

float round_half_to_even(float x) {
  const float low = std::floor(x);
  if (x - low != 0.5F) return std::round(x);
  return std::fmod(low, 2.0F) == 0 ? low : low + 1;
}

float gelu(float x, float, float) {
  constexpr auto minus_half_root = static_cast<float>(-M_SQRT1_2);
  return 0.5F * x * std::erfc(x * minus_half_root);
}

float gelu_tanh(float x, float, float) {
  constexpr auto root = static_cast<float>(M_2_SQRTPI * M_SQRT1_2);
  return 0.5F * x * (1.0F + std::tanh(root * (x + 0.044715F * x * x * x)));
}

#define EXACT(expression) [](float x, float alpha, float beta) -> float { \
  static_cast<void>(alpha), static_cast<void>(beta);                      \
  return (expression);                                                    \
}
#define FLOATS(name) {SMELT_KERNEL(name##_rows_f32)}
#define INTEGERS(name) {SMELT_KERNEL(name##_rows_s32)}, {SMELT_KERNEL(name##_rows_s64)}

constexpr const char* plain = "ops/unary.hpp";
constexpr const char* exponential = "ops/unary_exp.hpp";
constexpr const char* logarithmic = "ops/unary_log.hpp";
constexpr const char* trigonometric = "ops/unary_trig.hpp";
constexpr const char* error_function = "ops/unary_erf.hpp";
constexpr Parameter alpha_1{"alpha", 1.0};

constexpr Function functions[] = {
    {"abs", "ABS", EXACT(std::fabs(x)), plain, FLOATS(abs), abs_bytes, [](int64_t x) { return x < 0 ? wrapping_negation(x) : x; },
     INTEGERS(abs)},
    {"neg", "NEG", EXACT(-x), plain, FLOATS(neg), nullptr, wrapping_negation, INTEGERS(neg)},
    {"square", "SQUARE", EXACT(x * x), plain, FLOATS(square), nullptr,
     [](int64_t x) { return static_cast<int64_t>(static_cast<uint64_t>(x) * static_cast<uint64_t>(x)); },
     INTEGERS(square)},
    {"sign", "SIGN", EXACT(x > 0 ? 1 : (x < 0 ? -1 : x)), plain, FLOATS(sign), nullptr,
     [](int64_t x) -> int64_t { return (x > 0) - (x < 0); }, INTEGERS(sign)},
    {"floor", "FLOOR", EXACT(std::floor(x)), plain, FLOATS(floor)},
    {"ceil", "CEIL", EXACT(std::ceil(x)), plain, FLOATS(ceil)},
    {"round", "ROUND", EXACT(round_half_to_even(x)), plain, FLOATS(round)},
    {"sqrt", "SQRT", EXACT(std::sqrt(x)), plain, FLOATS(sqrt)},
    {"rsqrt", "RSQRT", EXACT(1 / std::sqrt(x)), plain, FLOATS(rsqrt), rsqrt_bytes},
    {"reciprocal", nullptr, EXACT(1 / x), plain, FLOATS(reciprocal)},
    {"softsign", nullptr, EXACT(x / (1 + std::fabs(x))), plain, FLOATS(softsign)},
    {"thresholded_relu", nullptr, EXACT(x > alpha ? x : 0), plain, FLOATS(thresholded_relu), nullptr, nullptr, {}, {}, alpha_1},
    {"hard_sigmoid", nullptr, EXACT(std::max(0.0F, std::min(1.0F, alpha * x + beta))), plain, FLOATS(hard_sigmoid),
     nullptr, nullptr, {}, {}, {"alpha", 0.2}, {"beta", 0.5}},
    {"exp", "EXP", EXACT(std::exp(x)), exponential, FLOATS(exp), by_table},
    {"elu", "ELU", EXACT(x < 0 ? alpha * std::expm1(x) : x), exponential, FLOATS(elu), by_table, nullptr, {}, {}, alpha_1},
    {"celu", nullptr, EXACT(x < 0 ? alpha * std::expm1(x / alpha) : x), exponential, FLOATS(celu), nullptr, nullptr, {}, {},
     alpha_1},
    {"selu", nullptr, EXACT(beta * (x < 0 ? alpha * std::expm1(x) : x)), exponential, FLOATS(selu), nullptr, nullptr, {}, {},
     {"alpha", 1.67326319217681884765625}, {"gamma", 1.05070102214813232421875}},
    {"sinh", nullptr, EXACT(std::sinh(x)), exponential, FLOATS(sinh)},
    {"cosh", nullptr, EXACT(std::cosh(x)), exponential, FLOATS(cosh)},
    {"mish", nullptr, EXACT(x * std::tanh(x > 20 ? x : std::log1p(std::exp(x)))), exponential, FLOATS(mish)},
    {"gelu_tanh", nullptr, gelu_tanh, exponential, FLOATS(gelu_tanh), by_table},
    {"gelu", "GELU", gelu, error_function, FLOATS(gelu), by_table},
    {"erf", nullptr, EXACT(std::erf(x)), error_function, FLOATS(erf)},
    {"log", "LOG", EXACT(std::log(x)), logarithmic, FLOATS(log), log_bytes},
    {"asinh", nullptr, EXACT(std::asinh(x)), logarithmic, FLOATS(asinh)},
    {"acosh", nullptr, EXACT(std::acosh(x)), logarithmic, FLOATS(acosh)},
    {"atanh", nullptr, EXACT(std::atanh(x)), logarithmic, FLOATS(atanh)},
    {"softplus", nullptr, EXACT(x > 20 ? x + std::exp(-x) : std::log1p(std::exp(x))), logarithmic, FLOATS(softplus)},
    {"sin", "SIN", EXACT(std::sin(x)), trigonometric, FLOATS(sin)},
    {"cos", "COS", EXACT(std::cos(x)), trigonometric, FLOATS(cos)},
    {"tan", nullptr, EXACT(std::tan(x)), trigonometric, FLOATS(tan)},
    {"asin", nullptr, EXACT(std::asin(x)), trigonometric, FLOATS(asin)},
    {"acos", nullptr, EXACT(std::acos(x)), trigonometric, FLOATS(acos)},
    {"atan", nullptr, EXACT(std::atan(x)), trigonometric, FLOATS(atan)},
    {"logical_not", "LOGICAL_NOT", EXACT(x == 0), plain, {SMELT_KERNEL(logical_not_rows)}, nullptr, nullptr, {}, {}, {}, {},
     DType::boolean, DType::boolean},
    {"is_nan", nullptr, EXACT(std::isnan(x)), plain, {SMELT_KERNEL(is_nan_rows)}, nullptr, nullptr, {}, {}, {}, {}, DType::f32,
     DType::boolean},
    {"is_inf", nullptr, EXACT(std::isinf(x) && (x > 0 ? alpha : beta) != 0), plain, {SMELT_KERNEL(is_inf_rows)}, nullptr,
     nullptr, {}, {}, {"detect_positive", 1}, {"detect_negative", 1}, DType::f32, DType::boolean},
};

const Function& function_of(const std::string& name) {
  const auto* found = std::find_if(std::begin(functions), std::end(functions), [&](const Function& f) { return name == f.name; });
  SMELT_ASSERT(found != std::end(functions), "an operator of this table");
  return *found;
}

float value_of(const Node& node, const Parameter& p) {
  if (p.name == nullptr) return 0;
  if (!node.attrs.has(p.name)) return static_cast<float>(p.absent);
  return static_cast<float>(node.attrs.f(p.name, static_cast<double>(node.attrs.i(p.name))));
}

bool is_integer(DType type) { return type == DType::i32 || type == DType::i64; }

std::string types_of(const Function& f) {
  std::string types = to_string(f.in);
  if (f.bytes != nullptr) types += ", i8";
  if (f.integer != nullptr) types += ", i32, i64";
  return types;
}

// ---- what operators are made of ----

Result<std::vector<TensorType>> infer(const Graph& graph, const Node& node) {
  const Function& f = function_of(node.op);
  if (Outcome o = elementwise::check_operands(graph, node, 1); !o) return o.failure();
  const Tensor& in = graph.at(node.in(0));
  for (const Parameter& p : {f.alpha, f.beta}) {
    if (!std::isfinite(value_of(node, p))) return fail(graph, node, "E0302", std::string(p.name) + " is not a finite number");
  }
  if (node.op == "celu" && value_of(node, f.alpha) == 0) return fail(graph, node, "E0302", "alpha is 0");
  if (in.dtype == f.in) return std::vector<TensorType>{{f.out, in.shape}};
  if (f.integer != nullptr && is_integer(in.dtype)) return std::vector<TensorType>{{in.dtype, in.shape}};
  if (f.bytes == nullptr || in.dtype != DType::i8) {
    return elementwise::unsupported_type(graph, node, in.dtype, types_of(f).c_str());
  }
  for (TensorId id : {node.in(0), node.out(0)}) {
    if (Outcome o = elementwise::check_per_tensor(graph, node, id); !o) return o.failure();
  }
  // Beyond this a requantized value would not fit 32 bits.
  const double in_scale = in.quant.scale.at(0), out_scale = graph.at(node.out(0)).quant.scale.at(0);
  if (!(in_scale / out_scale < 4194304.0 && 1.0 / (std::sqrt(in_scale) * out_scale) < 1073741824.0 && in_scale > 1e-30)) {
    return elementwise::scales_too_far_apart(graph, node);
  }
  return std::vector<TensorType>{{DType::i8, in.shape}};
}

ByteFunction bytes_of(const Function& f, const Tensor& in, const Tensor& out) { return f.bytes(f.exact, in, out); }

template <class T>
void evaluate_integers(const Evaluation& e, const Function& f) {
  for (int64_t i = 0; i < elements(e.out[0]->type->shape); ++i) {
    e.out[0]->as<T>()[i] = static_cast<T>(f.integer(e.in[0]->as<T>()[i]));
  }
}

void evaluate(const Evaluation& e) {
  const Function& f = function_of(e.node.op);
  const DType type = e.in[0]->type->dtype;
  if (type == DType::i8) return elementwise::evaluate_bytes(e, bytes_of(f, *e.in[0]->type, *e.out[0]->type));
  if (type == DType::i32) return evaluate_integers<int32_t>(e, f);
  if (type == DType::i64) return evaluate_integers<int64_t>(e, f);
  const float alpha = value_of(e.node, f.alpha), beta = value_of(e.node, f.beta);
  for (int64_t i = 0; i < elements(e.out[0]->type->shape); ++i) {
    const float x = f.in == DType::f32 ? e.in[0]->as<float>()[i] : e.in[0]->as<uint8_t>()[i];
    const float y = f.exact(x, alpha, beta);
    if (f.out == DType::f32) e.out[0]->as<float>()[i] = y;
    else e.out[0]->as<uint8_t>()[i] = y != 0;
  }
}

Outcome lower(Lowering& l) {
  const Function& f = function_of(l.node.op);
  const DType type = l.input(0).dtype;
  if (type == DType::i8) {
    elementwise::lower_bytes(l, bytes_of(f, l.input(0), l.output()));
    return Done{};
  }
  const DeviceKernel& kernel = type == DType::i32 ? f.integer_kernel : type == DType::i64 ? f.long_integer_kernel : f.kernel;
  l.kernel(f.header, kernel.symbol, kernel.function);
  const int32_t row = row_elements(l.output().shape);
  if (f.alpha.name == nullptr) {
    l.params("smelt::UnaryF32", UnaryF32{row}, "row");
  } else {
    l.params("smelt::ParametricF32",
             ParametricF32{row, float_bits(value_of(l.node, f.alpha)), float_bits(value_of(l.node, f.beta))},
             "row alpha beta");
  }
  l.rowwise();
  if (!l.input(0).constant() && size_of(type) == size_of(l.output().dtype)) l.in_place(0);
  return Done{};
}

/// The approximation by tanh is an operator of its own.
Outcome normalize_gelu(Graph&, Node& node) {
  if (node.attrs.i("approximate") != 0) node.op = "gelu_tanh";
  node.attrs.erase("approximate");
  return Done{};
}

Outcome denormalize_gelu(Graph&, Node& node) {
  node.attrs.set("approximate", int64_t{node.op == "gelu_tanh"});
  raw::name(node, "GELU", "GeluOptions");
  return Done{};
}

Outcome denormalize_elu(Graph& graph, Node& node) {
  if (value_of(node, alpha_1) != 1) return fail(graph, node, "E0310", "alpha is not 1, and a .tflite file knows no other");
  node.attrs.erase("alpha");
  raw::name(node, "ELU", nullptr);
  return Done{};
}

OpDef unary(const char* name) {
  const Function& f = function_of(name);
  OpDef op{name, {}, nullptr, infer, evaluate, lower};
  if (f.tflite != nullptr) op.tflite = {f.tflite};
  if (f.exact == gelu) op.normalize = normalize_gelu;
  if (f.exact == gelu || f.exact == gelu_tanh) op.denormalize = denormalize_gelu;
  if (f.name == std::string("elu")) op.denormalize = denormalize_elu;
  op.bytewise = f.bytes != nullptr;
  op.channels = each_channel;
  op.under_view = view::unchanged;
  op.rescales = true;
  return op;
}

}  // namespace

#define UNARY(name) extern const OpDef op_##name = unary(#name);
UNARY(abs) UNARY(neg) UNARY(square) UNARY(sign) UNARY(floor) UNARY(ceil) UNARY(round) UNARY(sqrt) UNARY(rsqrt)
UNARY(reciprocal) UNARY(softsign) UNARY(thresholded_relu) UNARY(hard_sigmoid) UNARY(exp) UNARY(elu) UNARY(celu)
UNARY(selu) UNARY(sinh) UNARY(cosh) UNARY(mish) UNARY(gelu_tanh) UNARY(gelu) UNARY(erf) UNARY(log) UNARY(asinh)
UNARY(acosh) UNARY(atanh) UNARY(softplus) UNARY(sin) UNARY(cos) UNARY(tan) UNARY(asin) UNARY(acos) UNARY(atan)
UNARY(logical_not) UNARY(is_nan) UNARY(is_inf)
#undef UNARY

}  // namespace smelt
