// Functions of two values, element by element with broadcasting: a line in the table below is an operator. Sources:
// TensorFlow Lite, kernels/{div,pow,floor_div,floor_mod,squared_difference,atan2,bitwise_xor,logical}.cc; ONNX,
// Operators.md, for those that no .tflite file has.
#include "runtime/ops/functions.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <type_traits>
#include <vector>

#include "ops/pairs.hpp"
#include "ops/quantize.hpp"
#include "ops/raw.hpp"
#include "ops/view.hpp"
#include "runtime/ops/atan2.hpp"
#include "runtime/ops/integers.hpp"
#include "runtime/ops/logical.hpp"
#include "runtime/ops/power.hpp"
#include "runtime/ops/squared_difference.hpp"

namespace smelt {
namespace {

struct DeviceKernel {
  const char* header = nullptr;
  const char* symbol = nullptr;
  Kernel function = nullptr;
};

struct Function {
  const char* name;
  const char* tflite;   ///< null: in no .tflite file
  const char* options;  ///< the file's options table
  float (*real)(float, float) = nullptr;
  DeviceKernel floats{};
  int64_t (*integer)(int64_t, int64_t) = nullptr;  ///< of i32 and i64; what does not fit wraps around
  DeviceKernel integers{}, long_integers{};
  bool (*logical)(bool, bool) = nullptr;
  DeviceKernel bools{};
};

// ---- integers, by way of unsigned numbers where they may overflow ----

int64_t wrapping_product(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b));
}

/// Of a division by 0, which the reference refuses while it runs: 0.
int64_t integer_div(int64_t a, int64_t b) {
  if (b == 0) return 0;
  return b == -1 ? static_cast<int64_t>(uint64_t{0} - static_cast<uint64_t>(a)) : a / b;
}
int64_t integer_mod(int64_t a, int64_t b) { return b == 0 || b == -1 ? 0 : a % b; }
int64_t integer_floor_mod(int64_t a, int64_t b) {
  const int64_t rest = integer_mod(a, b);
  return rest != 0 && (rest ^ b) < 0 ? rest + b : rest;
}
int64_t integer_floor_div(int64_t a, int64_t b) {
  return integer_div(a, b) - (integer_mod(a, b) != integer_floor_mod(a, b) ? 1 : 0);
}
int64_t integer_pow(int64_t a, int64_t b) {
  if (b < 0) return a == 1 ? 1 : (a == -1 ? (b % 2 == 0 ? 1 : -1) : 0);
  if (b > 64 && (a == 0 || a == 1)) return a;
  int64_t result = 1;
  for (int64_t bit = 62; bit >= 0; --bit) {
    result = wrapping_product(result, result);
    if ((b >> bit & 1) != 0) result = wrapping_product(result, a);
  }
  return result;
}
int64_t integer_squared_difference(int64_t a, int64_t b) {
  const auto d = static_cast<int64_t>(static_cast<uint64_t>(a) - static_cast<uint64_t>(b));
  return wrapping_product(d, d);
}

float real_floor_mod(float a, float b) {
  const float rest = std::fmod(a, b);
  return rest != 0 && std::signbit(rest) != std::signbit(b) ? rest + b : rest;
}

#define KERNEL(header, symbol) {header, SMELT_KERNEL(symbol)}
constexpr const char* plain = "ops/functions.hpp";
constexpr const char* whole = "ops/integers.hpp";
#define INTEGERS(name) KERNEL(whole, name##_s32), KERNEL(whole, name##_s64)
constexpr const char* logic = "ops/logical.hpp";

constexpr Function functions[] = {
    {"div", "DIV", "DivOptions", [](float a, float b) { return a / b; }, KERNEL(plain, div_f32), integer_div,
     INTEGERS(div)},
    {"mod", nullptr, nullptr, [](float a, float b) { return std::fmod(a, b); }, KERNEL(plain, mod_f32), integer_mod,
     INTEGERS(mod)},
    {"floor_div", "FLOOR_DIV", "FloorDivOptions", [](float a, float b) { return std::floor(a / b); },
     KERNEL(plain, floor_div_f32), integer_floor_div, INTEGERS(floor_div)},
    {"floor_mod", "FLOOR_MOD", "FloorModOptions", real_floor_mod, KERNEL(plain, floor_mod_f32), integer_floor_mod,
     INTEGERS(floor_mod)},
    {"pow", "POW", "PowOptions", [](float a, float b) { return std::pow(a, b); }, KERNEL("ops/power.hpp", pow_rows_f32),
     integer_pow, INTEGERS(pow)},
    {"atan2", "ATAN2", nullptr, [](float a, float b) { return std::atan2(a, b); },
     KERNEL("ops/atan2.hpp", atan2_rows_f32)},
    {"squared_difference", "SQUARED_DIFFERENCE", "SquaredDifferenceOptions",
     [](float a, float b) { return (a - b) * (a - b); }, KERNEL(plain, squared_difference_f32),
     integer_squared_difference, INTEGERS(squared_difference)},
    {"bitwise_and", nullptr, nullptr, nullptr, {}, [](int64_t a, int64_t b) { return a & b; },
     INTEGERS(bitwise_and)},
    {"bitwise_or", nullptr, nullptr, nullptr, {}, [](int64_t a, int64_t b) { return a | b; },
     INTEGERS(bitwise_or)},
    {"bitwise_xor", "BITWISE_XOR", nullptr, nullptr, {}, [](int64_t a, int64_t b) { return a ^ b; },
     INTEGERS(bitwise_xor)},
    {"logical_and", "LOGICAL_AND", "LogicalAndOptions", nullptr, {}, nullptr, {}, {}, [](bool a, bool b) { return a && b; },
     KERNEL(logic, logical_and_rows)},
    {"logical_or", "LOGICAL_OR", "LogicalOrOptions", nullptr, {}, nullptr, {}, {}, [](bool a, bool b) { return a || b; },
     KERNEL(logic, logical_or_rows)},
    {"logical_xor", nullptr, nullptr, nullptr, {}, nullptr, {}, {}, [](bool a, bool b) { return a != b; },
     KERNEL(logic, logical_xor_rows)},
};

const Function& function_of(const std::string& name) {
  const auto* found = std::find_if(std::begin(functions), std::end(functions), [&](const Function& f) { return name == f.name; });
  SMELT_ASSERT(found != std::end(functions), "an operator of this table");
  return *found;
}

std::string activation_of(const Node& node) { return node.attrs.s("activation", "none"); }

// ---- squared_difference of int8 ----

/// The reference moves both inputs to 2^-7 of twice the larger scale, and squares their difference there.
struct SquaredDifference {
  Multiplier a, b, out;
};

constexpr int32_t finer = 1 << 7;

SquaredDifference squared_difference_multipliers(const Graph& graph, const Node& node) {
  const float a = graph.at(node.in(0)).quant.scale.at(0);
  const float b = graph.at(node.in(1)).quant.scale.at(0);
  const double twice_larger = 2 * std::max(a, b);
  const double out = twice_larger * twice_larger / (finer * finer * graph.at(node.out(0)).quant.scale.at(0));
  return {quantize_multiplier(a / twice_larger), quantize_multiplier(b / twice_larger), quantize_multiplier(out)};
}

Outcome check_squared_difference(const Graph& graph, const Node& node) {
  if (Outcome o = pairs::check_quantized(graph, node); !o) return o;
  // The reference demands an output multiplier below 1.
  const double larger = std::max(graph.at(node.in(0)).quant.scale.at(0), graph.at(node.in(1)).quant.scale.at(0));
  const double out = static_cast<double>(graph.at(node.out(0)).quant.scale.at(0)) * finer * finer;
  if (larger < 1e15 && 4 * larger * larger < out * 0.999999) return Done{};
  return elementwise::scales_too_far_apart(graph, node);
}

void evaluate_squared_difference(const Evaluation& e) {
  const SquaredDifference m = squared_difference_multipliers(e.graph, e.node);
  const auto zero = [&](TensorId id) { return e.graph.at(id).quant.zero_point.at(0); };
  const int32_t a_zero = zero(e.node.in(0)), b_zero = zero(e.node.in(1)), out_zero = zero(e.node.out(0));
  pairs::evaluate<int8_t, int8_t>(e, [&](int32_t a, int32_t b) {
    const int32_t d = oracle::requantize((a - a_zero) * finer, m.a) - oracle::requantize((b - b_zero) * finer, m.b);
    return static_cast<int8_t>(std::clamp(oracle::requantize(d * d, m.out) + out_zero, -128, 127));
  });
}

Outcome lower_squared_difference(Lowering& l) {
  const SquaredDifference m = squared_difference_multipliers(l.graph, l.node);
  const auto zero = [](const Tensor& t) { return t.quant.zero_point.at(0); };
  const SquaredDifferenceS8 p{pairs::lay_out(l), zero(l.input(0)), m.a.multiplier, m.a.shift,
                              zero(l.input(1)),  m.b.multiplier,   m.b.shift,      zero(l.output()),
                              m.out.multiplier,  m.out.shift};
  l.kernel("ops/squared_difference.hpp", SMELT_KERNEL(squared_difference_s8));
  l.params("smelt::SquaredDifferenceS8", p,
           "walk zero_a multiplier_a shift_a zero_b multiplier_b shift_b zero multiplier shift");
  return Done{};
}

// ---- what operators are made of ----

bool is_quantized(const Function& f, DType type) {
  return f.integer == integer_squared_difference && type == DType::i8;
}

Result<std::vector<TensorType>> infer(const Graph& graph, const Node& node) {
  const Function& f = function_of(node.op);
  const Result<Shape> shape = pairs::check(graph, node);
  if (!shape) return shape.failure();
  const DType type = graph.at(node.in(0)).dtype;
  if (is_quantized(f, type)) {
    if (Outcome o = check_squared_difference(graph, node); !o) return o.failure();
    return std::vector<TensorType>{{type, *shape}};
  }
  const bool integers = type == DType::i32 || type == DType::i64;
  const bool known = type == DType::f32 ? f.real != nullptr : type == DType::boolean ? f.logical != nullptr
                                                                                     : integers && f.integer != nullptr;
  if (known) return std::vector<TensorType>{{type, *shape}};
  std::string types;
  for (const auto& [takes, word] : {std::pair{f.real != nullptr, "f32"}, {f.integer != nullptr, "i32, i64"},
                                    {f.logical != nullptr, "bool"}, {is_quantized(f, DType::i8), "i8"}}) {
    if (takes) types += (types.empty() ? "" : ", ") + std::string(word);
  }
  return elementwise::unsupported_type(graph, node, type, types.c_str());
}

template <class T>
void evaluate_integers(const Evaluation& e, const Function& f) {
  const IntegerRange range = integer_activation(activation_of(e.node));
  pairs::evaluate<T, T>(e, [&](T a, T b) {
    return range.clamped(static_cast<T>(f.integer(a, b)));
  });
}

void evaluate(const Evaluation& e) {
  const Function& f = function_of(e.node.op);
  const DType type = e.in[0]->type->dtype;
  if (type == DType::i8) return evaluate_squared_difference(e);
  if (type == DType::i32) return evaluate_integers<int32_t>(e, f);
  if (type == DType::i64) return evaluate_integers<int64_t>(e, f);
  if (type == DType::boolean) {
    return pairs::evaluate<uint8_t, uint8_t>(e, [&](uint8_t a, uint8_t b) { return uint8_t{f.logical(a != 0, b != 0)}; });
  }
  const FloatRange range = float_activation(activation_of(e.node));
  pairs::evaluate<float, float>(e, [&](float a, float b) {
    const float y = f.real(a, b);
    return y < range.low ? range.low : (y > range.high ? range.high : y);
  });
}

Outcome lower(Lowering& l) {
  const Function& f = function_of(l.node.op);
  const DType type = l.input(0).dtype;
  if (type == DType::i8) return lower_squared_difference(l);
  const DeviceKernel& kernel = type == DType::f32 ? f.floats : type == DType::i32 ? f.integers : type == DType::i64 ? f.long_integers : f.bools;
  l.kernel(kernel.header, kernel.symbol, kernel.function);
  const int32_t walk = pairs::lay_out(l);
  if (type == DType::f32) {
    const FloatRange range = float_activation(activation_of(l.node));
    l.params("smelt::BinaryF32", BinaryF32{walk, float_bits(range.low), float_bits(range.high)}, "walk low high");
  } else if (type != DType::boolean) {
    const IntegerRange range = integer_activation(activation_of(l.node));
    l.params("smelt::PairsInteger", PairsInteger{walk, range.low, range.high}, "walk low high");
  } else {
    l.params("smelt::Pairs", Pairs{walk}, "walk");
  }
  return Done{};
}

Outcome normalize_div(Graph& graph, Node& node) { return elementwise::normalize_activation(graph, node); }

Outcome denormalize(Graph&, Node& node) {
  const Function& f = function_of(node.op);
  if (node.op == "div") raw::put_activation(node);
  raw::name(node, f.tflite, f.options);
  return Done{};
}

OpDef function(const char* name) {
  const Function& f = function_of(name);
  OpDef op{name, {}, nullptr, infer, evaluate, lower};
  if (f.tflite != nullptr) {
    op.tflite = {f.tflite};
    op.denormalize = denormalize;
  }
  if (f.integer == integer_div) {
    op.normalize = normalize_div;
    op.fuses_activation = true;
  }
  op.channels = each_channel;
  op.under_view = view::unchanged;
  return op;
}

}  // namespace

#define FUNCTION(name) extern const OpDef op_##name = function(#name);
FUNCTION(div) FUNCTION(mod) FUNCTION(floor_div) FUNCTION(floor_mod) FUNCTION(pow) FUNCTION(atan2)
FUNCTION(squared_difference) FUNCTION(bitwise_and) FUNCTION(bitwise_or) FUNCTION(bitwise_xor) FUNCTION(logical_and)
FUNCTION(logical_or) FUNCTION(logical_xor)
#undef FUNCTION

}  // namespace smelt
