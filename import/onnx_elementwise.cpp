// Operators that work element by element.
#include <cmath>

#include "import/integers.hpp"
#include "import/onnx_call.hpp"

namespace smelt::onnx {
namespace {

bool is_narrow(DType type) { return type == DType::i8 || type == DType::u8 || type == DType::i16; }

/// Two operands; integers of up to 16 bits are computed in 32 and wrap, as the standard's own reference does.
TensorId arithmetic(Call& c, const std::string& op, TensorId a, TensorId b) {
  const DType type = c.b.dtype(a);
  if (type != c.b.dtype(b)) c.mismatch("the operands are of two types");
  if (!is_narrow(type)) return c.b.binary(op, a, b);
  return c.b.cast(c.b.binary(op, c.b.cast(a, DType::i32), c.b.cast(b, DType::i32)), type);
}

Converter binary(const std::string& op) {
  return [op](Call& c) {
    for (const char* legacy : {"axis", "broadcast"}) {
      if (c.has_attr(legacy)) c.unsupported("broadcasting as before opset 7 is not supported", "convert the model to opset 7 or later");
    }
    c.out = {arithmetic(c, op, c.in(0), c.in(1))};
  };
}

/// Sum, Max, Min: any number of operands.
Converter variadic(const std::string& op) {
  return [op](Call& c) {
    TensorId y = c.in(0);
    for (size_t i = 1; i < c.inputs(); ++i) y = arithmetic(c, op, y, c.in(i));
    c.out = {y};
  };
}

void mean(Call& c) {
  variadic("add")(c);
  c.out = {c.b.mul(c.out[0], c.b.number(1.0F / static_cast<float>(c.inputs())))};
}

/// Comparisons, of 8 and 16 bits in 32.
Converter comparison(const std::string& op) {
  return [op](Call& c) {
    const auto wide = [&](TensorId x) {
      return is_narrow(c.b.dtype(x)) || c.b.dtype(x) == DType::boolean ? c.b.cast(x, DType::i32) : x;
    };
    c.out = {c.b.binary(op, wide(c.in(0)), wide(c.in(1)))};
  };
}

Converter logical(const std::string& op) {
  return [op](Call& c) { c.out = {c.b.node(op, c.all())}; };
}

Converter unary(const std::string& op) {
  return [op](Call& c) { c.out = {c.b.unary(op, c.in(0))}; };
}

/// With attributes alpha and beta.
Converter activation(const std::string& word, double alpha, std::optional<double> beta = {}) {
  return [=](Call& c) {
    const double a = c.f("alpha", alpha);
    std::optional<double> b;
    if (beta) b = c.f("beta", *beta);
    c.out = {c.b.activation(word, c.in(0), a, b)};
  };
}

void selu(Call& c) {
  const double alpha = c.f("alpha", 1.67326319217681884765625), gamma = c.f("gamma", 1.05070102214813232421875);
  c.out = {c.b.activation("selu", c.in(0), alpha, gamma)};
}

void gelu(Call& c) {
  const std::string form = c.s("approximate", "none");
  if (form != "none" && form != "tanh") c.unsupported("approximate " + form + " is not supported");
  c.out = {c.b.unary(form == "tanh" ? "gelu_tanh" : "gelu", c.in(0))};
}

void prelu(Call& c) { c.out = {c.b.node("prelu", c.all())}; }

void shrink(Call& c) {
  const double lambda = c.f("lambd", 0.5), bias = c.f("bias", 0);
  const auto real = [&](double v) { return c.b.number(static_cast<float>(v)); };
  const TensorId x = c.in(0);
  const auto where = [&](const char* op, double limit, double shift) {
    return c.b.mul(c.b.add(x, real(shift)), c.b.cast(c.b.node(op, {x, real(limit)}), DType::f32));
  };
  c.out = {c.b.add(where("less", -lambda, bias), where("greater", lambda, -bias))};
}

void negative(Call& c) {
  const TensorId x = c.in(0);
  const DType type = c.b.dtype(x);
  c.out = {is_narrow(type) ? arithmetic(c, "sub", c.b.scalar(type, 0), x) : c.b.unary("neg", x)};
}

void absolute(Call& c) {
  const TensorId x = c.in(0);
  const DType type = c.b.dtype(x);
  if (type == DType::u8) {
    c.out = {x};
  } else {
    c.out = {is_narrow(type) ? c.b.cast(c.b.unary("abs", c.b.cast(x, DType::i32)), type) : c.b.unary("abs", x)};
  }
}

void sign(Call& c) {
  const TensorId x = c.in(0);
  const DType type = c.b.dtype(x);
  c.out = {is_narrow(type) ? c.b.cast(c.b.unary("sign", c.b.cast(x, DType::i32)), type) : c.b.unary("sign", x)};
}

void power(Call& c) {
  const TensorId x = c.in(0);
  TensorId y = c.in(1);
  const DType type = c.b.dtype(x);
  if (c.b.is_constant(y) && elements(c.b.shape(y)) == 1 && type == DType::f32) {
    const float exponent = c.b.reals(y, "exponent")[0];
    if (exponent == 1) return void(c.out = {x});
    if (exponent == 2) return void(c.out = {c.b.mul(x, x)});
    if (exponent == 3) return void(c.out = {c.b.mul(c.b.mul(x, x), x)});
    if (exponent == 0.5F) return void(c.out = {c.b.unary("sqrt", x)});
    if (exponent == -1) return void(c.out = {c.b.div(c.b.number(1), x)});
  }
  if (type == c.b.dtype(y) && type != DType::f32) return void(c.out = {c.b.binary("pow", x, y)});
  const TensorId p = c.b.binary("pow", c.b.cast(x, DType::f32), c.b.cast(y, DType::f32));
  c.out = {c.b.cast(p, type)};
}

void modulo(Call& c) {
  const bool truncated = c.i("fmod", 0) != 0;
  c.out = {arithmetic(c, truncated ? "mod" : "floor_mod", c.in(0), c.in(1))};
}

void clip(Call& c) {
  TensorId y = c.in(0);
  const DType type = c.b.dtype(y);
  const auto limit = [&](const char* name, size_t input) -> TensorId {
    if (c.has(input)) return c.in(input);
    if (c.has_attr(name)) return c.b.number(static_cast<float>(c.f(name, 0)));
    return no_tensor;
  };
  const TensorId low = limit("min", 1), high = limit("max", 2);
  const auto is = [&](TensorId id, float v) {
    return id != no_tensor && c.b.is_constant(id) && type == DType::f32 && elements(c.b.shape(id)) == 1 && c.b.reals(id, "limit")[0] == v;
  };
  if (is(low, 0) && is(high, 6)) return void(c.out = {c.b.unary("relu6", y)});
  if (is(low, -1) && is(high, 1)) return void(c.out = {c.b.unary("relu_n1_to_1", y)});
  if (is(low, 0) && high == no_tensor) return void(c.out = {c.b.unary("relu", y)});
  if (low != no_tensor) y = arithmetic(c, "maximum", y, low);
  if (high != no_tensor) y = arithmetic(c, "minimum", y, high);
  c.out = {y};
}

void relu(Call& c) {
  const TensorId x = c.in(0);
  const DType type = c.b.dtype(x);
  c.out = {type == DType::f32 ? c.b.unary("relu", x) : arithmetic(c, "maximum", x, c.b.scalar(type, 0))};
}

void where(Call& c) { c.out = {c.b.node("select", {c.in(0), c.in(1), c.in(2)}, {}, {c.b.dtype(c.in(1)), {}, {}})}; }

void cast(Call& c) {
  for (const char* name : {"saturate", "round_mode"}) c.ignore(name);
  const auto to = static_cast<int32_t>(c.i("to", 0));
  const std::optional<DType> type = dtype_of(to);
  if (!type || to == TensorProto::FLOAT16) c.b.refuse("E0313", "a cast to " + type_name(to) + " is not supported");
  if (to == TensorProto::DOUBLE && !c.b.is_constant(c.in(0))) c.b.refuse("E0313", "a cast to DOUBLE is not supported");
  c.out = {c.b.cast(c.in(0), *type)};
}

void cast_like(Call& c) {
  c.ignore("saturate");
  c.ignore("round_mode");
  c.out = {c.b.cast(c.in(0), c.b.dtype(c.in(1)))};
}

void is_infinite(Call& c) {
  Attrs a;
  for (const char* name : {"detect_positive", "detect_negative"}) a.set(name, c.i(name, 1));
  c.out = {c.b.node("is_inf", {c.in(0)}, a, {DType::boolean, {}, {}})};
}

void is_nan(Call& c) { c.out = {c.b.node("is_nan", {c.in(0)}, {}, {DType::boolean, {}, {}})}; }

void bitwise_not(Call& c) {
  const TensorId x = c.in(0);
  c.out = {arithmetic(c, "bitwise_xor", x, c.b.scalar(c.b.dtype(x), -1))};
}

void identity(Call& c) { c.out = {c.in(0)}; }

/// Inference, or a ratio of 0: the data itself; the mask, where it is asked for, is all true.
void dropout(Call& c) {
  for (const char* name : {"ratio", "seed", "is_test"}) c.ignore(name);
  const bool trains = c.has(2) && c.b.ints(c.in(2), "training_mode") != Ints{0};
  if (trains && !(c.has(1) && c.b.reals(c.in(1), "ratio") == std::vector<float>{0})) {
    c.unsupported("dropout in training mode is not supported", "export the model for inference");
  }
  c.out = {c.in(0)};
  if (c.wants(1)) {
    const auto count = static_cast<size_t>(elements(c.shape(0)));
    c.out.push_back(c.b.constant(DType::boolean, c.shape(0), std::vector<uint8_t>(count, 1)));
  }
}

}  // namespace

void add_elementwise(Converters& to) {
  to.insert({{"Add", binary("add")}, {"Sub", binary("sub")}, {"Mul", binary("mul")}, {"Div", binary("div")},
             {"Sum", variadic("add")}, {"Max", variadic("maximum")}, {"Min", variadic("minimum")}, {"Mean", mean},
             {"Mod", modulo}, {"Pow", power}, {"Equal", comparison("equal")}, {"Less", comparison("less")},
             {"LessOrEqual", comparison("less_equal")}, {"Greater", comparison("greater")},
             {"GreaterOrEqual", comparison("greater_equal")}, {"And", logical("logical_and")}, {"Or", logical("logical_or")},
             {"Not", logical("logical_not")}, {"Xor", logical("logical_xor")}, {"BitwiseNot", bitwise_not}, {"BitwiseAnd", binary("bitwise_and")},
             {"BitwiseOr", binary("bitwise_or")}, {"BitwiseXor", binary("bitwise_xor")}, {"Where", where}});
  for (const auto& [name, op] :
       {std::pair{"Exp", "exp"}, {"Log", "log"}, {"Sqrt", "sqrt"}, {"Reciprocal", "reciprocal"}, {"Erf", "erf"}, {"Floor", "floor"},
        {"Ceil", "ceil"}, {"Round", "round"}, {"Tanh", "tanh"}, {"Sigmoid", "logistic"}, {"Sin", "sin"}, {"Cos", "cos"}, {"Tan", "tan"},
        {"Asin", "asin"}, {"Acos", "acos"}, {"Atan", "atan"}, {"Sinh", "sinh"}, {"Cosh", "cosh"}, {"Asinh", "asinh"}, {"Acosh", "acosh"},
        {"Atanh", "atanh"}, {"Mish", "mish"}, {"Softplus", "softplus"}, {"Softsign", "softsign"}, {"HardSwish", "hard_swish"}}) {
    to[name] = unary(op);
  }
  to.insert({{"Relu", relu}, {"LeakyRelu", activation("leaky_relu", 0.01)}, {"Elu", activation("elu", 1)},
             {"Celu", activation("celu", 1)}, {"Selu", selu}, {"Gelu", gelu},
             {"HardSigmoid", activation("hard_sigmoid", 0.2, 0.5)}, {"Swish", activation("swish", 1)},
             {"ThresholdedRelu", activation("thresholded_relu", 1)}, {"PRelu", prelu}, {"Shrink", shrink}, {"Clip", clip}});
  to.insert({{"Neg", negative}, {"Abs", absolute}, {"Sign", sign}, {"Cast", cast},
             {"CastLike", cast_like}, {"IsNaN", is_nan}, {"IsInf", is_infinite},
             {"Identity", identity}, {"Dropout", dropout}});
}

}  // namespace smelt::onnx
