// Operators that no .tflite file has, as cases with answers in closed form, from the host's libm in double precision.
#pragma once

#include <cmath>
#include <limits>

#include "tests/integer_cases.hpp"

namespace smelt::test {

/// From `low` to `high` in even steps, and then what is never in between.
inline std::vector<float> floats_between(float low, float high, const std::vector<float>& more = {}) {
  std::vector<float> values;
  for (int i = 0; i <= 96; ++i) values.push_back(low + (high - low) * static_cast<float>(i) / 96.0F);
  values.insert(values.end(), more.begin(), more.end());
  return values;
}

template <class F>
FunctionCase function_case(const std::string& op, const std::vector<float>& x, F exact, Attrs attrs = {}) {
  const TensorType type{DType::f32, {static_cast<int32_t>(x.size())}};
  std::vector<float> y;
  for (float v : x) y.push_back(static_cast<float>(exact(static_cast<double>(v))));
  return {one_node(op, {type}, type, std::move(attrs)), {as_bytes(x)}, as_bytes(y)};
}

template <class F>
FunctionCase predicate_case(const std::string& op, const std::vector<float>& x, F exact, Attrs attrs = {}) {
  const TensorType in{DType::f32, {static_cast<int32_t>(x.size())}}, out{DType::boolean, in.shape};
  std::vector<uint8_t> y;
  for (float v : x) y.push_back(exact(v) ? 1 : 0);
  return {one_node(op, {in}, out, std::move(attrs)), {as_bytes(x)}, y};
}

inline Attrs numbers(double alpha, double beta = 0, const char* second = "beta") {
  Attrs attrs;
  attrs.set("alpha", alpha);
  if (beta != 0) attrs.set(second, beta);
  return attrs;
}

inline std::vector<FunctionCase> unary_function_cases() {
  constexpr float inf = std::numeric_limits<float>::infinity();
  const std::vector<float> around = floats_between(-6, 6, {1e-6F, -1e-6F, 30, -30});
  const std::vector<float> strange = {0, -0.0F, 1, -1, inf, -inf, NAN, 3e38F};
  using D = double;
  std::vector<FunctionCase> cases;
  const auto add = [&](const std::string& op, const std::vector<float>& x, auto exact, Attrs attrs = {}) {
    cases.push_back(function_case(op, x, exact, std::move(attrs)));
  };
  add("reciprocal", floats_between(0.1F, 9, {-3, 1e20F, -1e-20F}), [](D x) { return 1 / x; });
  add("softsign", around, [](D x) { return x / (1 + std::fabs(x)); });
  add("thresholded_relu", around, [](D x) { return x > 1.5 ? x : 0; }, numbers(1.5));
  add("thresholded_relu", around, [](D x) { return x > 1 ? x : 0; });
  add("hard_sigmoid", around, [](D x) { return std::fmin(1, std::fmax(0, 0.2F * x + 0.5)); });
  add("hard_sigmoid", around, [](D x) { return std::fmin(1, std::fmax(0, 0.25 * x + 0.75)); }, numbers(0.25, 0.75));
  add("elu", around, [](D x) { return x < 0 ? 0.5 * std::expm1(x) : x; }, numbers(0.5));
  add("celu", around, [](D x) { return x < 0 ? 2 * std::expm1(x / 2) : x; }, numbers(2));
  add("selu", around, [](D x) { return 1.0507009873554805 * (x < 0 ? 1.6732632423543772 * std::expm1(x) : x); });
  add("selu", around, [](D x) { return 2 * (x < 0 ? 0.5 * std::expm1(x) : x); }, numbers(0.5, 2, "gamma"));
  add("mish", around, [](D x) { return x * std::tanh(std::log1p(std::exp(x))); });
  add("softplus", around, [](D x) { return std::log1p(std::exp(x)); });
  add("sinh", around, [](D x) { return std::sinh(x); });
  add("cosh", around, [](D x) { return std::cosh(x); });
  add("erf", around, [](D x) { return std::erf(x); });
  add("gelu_tanh", around, [](D x) {
    return 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
  });
  add("asinh", floats_between(-40, 40, {1e-5F, 1e6F, -1e30F}), [](D x) { return std::asinh(x); });
  add("acosh", floats_between(1, 40, {1e6F, 1e30F}), [](D x) { return std::acosh(x); });
  add("atanh", floats_between(-0.99F, 0.99F, {1e-5F}), [](D x) { return std::atanh(x); });
  add("tan", floats_between(-1.5F, 1.5F, {4, 5, -7, 1e6F}), [](D x) { return std::tan(x); });
  add("asin", floats_between(-1, 1, {1e-5F}), [](D x) { return std::asin(x); });
  add("acos", floats_between(-1, 1, {1e-5F}), [](D x) { return std::acos(x); });
  add("atan", floats_between(-9, 9, {1e-5F, inf, -inf, 1e30F}), [](D x) { return std::atan(x); });
  cases.push_back(predicate_case("is_nan", strange, [](float x) { return std::isnan(x); }));
  cases.push_back(predicate_case("is_inf", strange, [](float x) { return std::isinf(x); }));
  Attrs positive;
  positive.set("detect_negative", int64_t{0});
  cases.push_back(predicate_case("is_inf", strange, [](float x) { return std::isinf(x) && x > 0; }, positive));
  return cases;
}

inline std::vector<FunctionCase> pair_function_cases() {
  std::vector<FunctionCase> cases;
  std::vector<float> x, y;
  for (float a : {7.5F, -7.5F, 0.3F, 1e10F, 0.0F}) {
    for (float b : {2.0F, -2.0F, 0.7F, 3e-3F}) x.push_back(a), y.push_back(b);
  }
  cases.push_back(pair_case<float>("mod", DType::f32, x, y, [](float a, float b) { return std::fmod(a, b); }));
  cases.push_back(pair_case<float>("floor_mod", DType::f32, x, y, [](double a, double b) { return a - b * std::floor(a / b); }));
  cases.push_back(pair_case<float>("atan2", DType::f32, x, y, [](double a, double b) { return std::atan2(a, b); }));
  const std::vector<uint8_t> p = {0, 0, 1, 1}, q = {0, 1, 0, 1};
  cases.push_back(pair_case<uint8_t>("logical_xor", DType::boolean, p, q, [](int a, int b) { return a ^ b; }));
  return cases;
}

/// Extremes of infinities: the least of nothing but infinities is one.
inline std::vector<FunctionCase> extreme_cases() {
  constexpr float inf = std::numeric_limits<float>::infinity();
  Attrs attrs;
  attrs.set("axes", std::vector<int64_t>{1});
  attrs.set("keep_dims", int64_t{0});
  const TensorType in{DType::f32, {3, 2}}, out{DType::f32, {3}};
  const Bytes x = as_bytes(std::vector<float>{-inf, -inf, inf, inf, -inf, inf});
  return {{one_node("reduce_max", {in}, out, attrs), {x}, as_bytes(std::vector<float>{-inf, inf, inf})},
          {one_node("reduce_min", {in}, out, attrs), {x}, as_bytes(std::vector<float>{-inf, inf, -inf})}};
}

inline std::vector<FunctionCase> function_cases() {
  std::vector<FunctionCase> cases = unary_function_cases();
  for (const auto& more : {pair_function_cases(), extreme_cases(), integer_function_cases()}) {
    cases.insert(cases.end(), more.begin(), more.end());
  }
  return cases;
}

}  // namespace smelt::test
