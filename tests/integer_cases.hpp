// What works on integers that are no quantized numbers, and what goes from one type to another: cases with answers in
// closed form, computed in twice as many bits.
#pragma once

#include <type_traits>

#include "tests/function_case.hpp"

namespace smelt::test {

__extension__ typedef __int128 Int128;

template <class T>
constexpr DType integer_type = sizeof(T) == 8 ? DType::i64 : DType::i32;

/// Numbers around the limits of T, each with each: x[i] and y[i] are a pair.
template <class T>
struct IntegerPairs {
  std::vector<T> x, y;
  IntegerPairs() {
    constexpr T least = std::numeric_limits<T>::min(), most = std::numeric_limits<T>::max();
    for (T a : {T{7}, T{-7}, T{0}, least, most, static_cast<T>(most / 17)}) {
      for (T b : {T{1}, T{-1}, T{3}, T{-3}, T{0}, least, static_cast<T>(most / 1000)}) x.push_back(a), y.push_back(b);
    }
  }
};

/// To T, wrapping around.
template <class T>
T wrapped(Int128 v) {
  return static_cast<T>(static_cast<unsigned long long>(v));
}

inline Int128 power_of(Int128 a, Int128 b) {
  if (b < 0) return a == 1 ? 1 : (a == -1 ? (b % 2 == 0 ? 1 : -1) : 0);
  unsigned long long y = 1;
  if (b <= 3) {
    for (Int128 k = 0; k < b; ++k) y *= static_cast<unsigned long long>(a);
    return static_cast<Int128>(y);
  }
  for (int bit = 62; bit >= 0; --bit) {
    y *= y;
    if ((b >> bit & 1) != 0) y *= static_cast<unsigned long long>(a);
  }
  return static_cast<Int128>(y);
}

template <class T>
void add_integer_pairs(std::vector<FunctionCase>& cases) {
  const IntegerPairs<T> p;
  const auto add = [&](const char* op, Int128 (*exact)(Int128, Int128)) {
    cases.push_back(pair_case<T>(op, integer_type<T>, p.x, p.y, [&](T a, T b) { return wrapped<T>(exact(a, b)); }));
  };
  add("mod", [](Int128 a, Int128 b) { return b == 0 ? 0 : a % b; });
  add("div", [](Int128 a, Int128 b) { return b == 0 ? 0 : a / b; });
  add("floor_div", [](Int128 a, Int128 b) { return b == 0 ? 0 : (a - ((a % b + b) % b)) / b; });
  add("floor_mod", [](Int128 a, Int128 b) { return b == 0 ? 0 : (a % b + b) % b; });
  add("bitwise_and", [](Int128 a, Int128 b) { return a & b; });
  add("bitwise_or", [](Int128 a, Int128 b) { return a | b; });
  add("bitwise_xor", [](Int128 a, Int128 b) { return a ^ b; });
  add("add", [](Int128 a, Int128 b) { return a + b; });
  add("sub", [](Int128 a, Int128 b) { return a - b; });
  add("mul", [](Int128 a, Int128 b) { return a * b; });
  add("maximum", [](Int128 a, Int128 b) { return a > b ? a : b; });
  add("minimum", [](Int128 a, Int128 b) { return a < b ? a : b; });
  add("pow", power_of);
  add("squared_difference", [](Int128 a, Int128 b) {
    const auto d = static_cast<unsigned long long>(a - b);
    return static_cast<Int128>(d * d);
  });
  FunctionCase clamped = pair_case<T>("add", integer_type<T>, p.x, p.y, [](T a, T b) { return std::max(T{0}, wrapped<T>(Int128{a} + b)); });
  clamped.graph.nodes[0].attrs.set("activation", std::string("relu"));
  cases.push_back(std::move(clamped));

  const TensorType type{integer_type<T>, {static_cast<int32_t>(p.x.size())}};
  const auto compare = [&](const char* op, bool (*exact)(T, T)) {
    std::vector<uint8_t> y;
    for (size_t i = 0; i < p.x.size(); ++i) y.push_back(exact(p.x[i], p.y[i]) ? 1 : 0);
    cases.push_back({one_node(op, {type, type}, {DType::boolean, type.shape}), {as_bytes(p.x), as_bytes(p.y)}, y});
  };
  compare("equal", [](T a, T b) { return a == b; });
  compare("not_equal", [](T a, T b) { return a != b; });
  compare("less", [](T a, T b) { return a < b; });
  compare("less_equal", [](T a, T b) { return a <= b; });
  compare("greater", [](T a, T b) { return a > b; });
  compare("greater_equal", [](T a, T b) { return a >= b; });

  const auto alone = [&](const char* op, Int128 (*exact)(Int128)) {
    std::vector<T> y;
    for (T v : p.y) y.push_back(wrapped<T>(exact(v)));
    cases.push_back({one_node(op, {type}, type), {as_bytes(p.y)}, as_bytes(y)});
  };
  alone("abs", [](Int128 x) { return x < 0 ? -x : x; });
  alone("neg", [](Int128 x) { return -x; });
  alone("sign", [](Int128 x) -> Int128 { return x < 0 ? -1 : x > 0; });
  alone("square", [](Int128 x) { return static_cast<Int128>(static_cast<unsigned long long>(x) * static_cast<unsigned long long>(x)); });

  std::vector<uint8_t> condition;
  std::vector<T> chosen;
  for (size_t i = 0; i < p.x.size(); ++i) {
    condition.push_back(i % 3 == 0 ? 1 : 0);
    chosen.push_back(condition[i] != 0 ? p.x[i] : p.y[i]);
  }
  cases.push_back({one_node("select", {{DType::boolean, type.shape}, type, type}, type), {condition, as_bytes(p.x), as_bytes(p.y)}, as_bytes(chosen)});
}

/// Over rows of three rows, and over three elements of each row.
template <class T>
void add_integer_reductions(std::vector<FunctionCase>& cases) {
  const std::vector<T> x = {1, -2, std::numeric_limits<T>::max(), 5, 6, -7, 8, 9, std::numeric_limits<T>::min()};
  const auto add = [&](const char* op, Int128 (*join)(Int128, Int128)) {
    for (const int64_t axis : {0, 1}) {
      std::vector<T> y;
      for (size_t i = 0; i < 3; ++i) {
        const auto at = [&](size_t k) { return Int128{x[axis == 0 ? 3 * k + i : 3 * i + k]}; };
        y.push_back(wrapped<T>(join(wrapped<T>(join(at(0), at(1))), at(2))));
      }
      Attrs attrs;
      attrs.set("axes", std::vector<int64_t>{axis});
      attrs.set("keep_dims", int64_t{0});
      cases.push_back({one_node(op, {{integer_type<T>, {3, 3}}}, {integer_type<T>, {3}}, attrs), {as_bytes(x)}, as_bytes(y)});
    }
  };
  add("sum", [](Int128 a, Int128 b) { return a + b; });
  add("reduce_prod", [](Int128 a, Int128 b) { return a * b; });
  add("reduce_max", [](Int128 a, Int128 b) { return a > b ? a : b; });
  add("reduce_min", [](Int128 a, Int128 b) { return a < b ? a : b; });
}

template <class From, class To>
FunctionCase cast_case(DType from, DType to, const std::vector<From>& x, const std::vector<To>& y) {
  const Shape shape{static_cast<int32_t>(x.size())};
  return {one_node("cast", {{from, shape}}, {to, shape}), {as_bytes(x)}, as_bytes(y)};
}

inline void add_long_casts(std::vector<FunctionCase>& cases) {
  constexpr int64_t least = std::numeric_limits<int64_t>::min(), most = std::numeric_limits<int64_t>::max();
  const std::vector<int64_t> x = {0, 1, -1, 300, -300, 0x123456789abcdef, least, most};
  cases.push_back(cast_case<int64_t, int32_t>(DType::i64, DType::i32, x, {0, 1, -1, 300, -300, static_cast<int32_t>(0x89abcdef), 0, -1}));
  cases.push_back(cast_case<int64_t, int16_t>(DType::i64, DType::i16, x, {0, 1, -1, 300, -300, static_cast<int16_t>(0xcdef), 0, -1}));
  cases.push_back(cast_case<int64_t, int8_t>(DType::i64, DType::i8, x, {0, 1, -1, 44, -44, static_cast<int8_t>(0xef), 0, -1}));
  cases.push_back(cast_case<int64_t, uint8_t>(DType::i64, DType::u8, x, {0, 1, 255, 44, 212, 0xef, 0, 255}));
  cases.push_back(cast_case<int64_t, uint8_t>(DType::i64, DType::boolean, x, {0, 1, 1, 1, 1, 1, 1, 1}));
  cases.push_back(cast_case<int64_t, float>(DType::i64, DType::f32, x, {0, 1, -1, 300, -300, 0x123456789abcdefp0F, -0x1p63F, 0x1p63F}));
  cases.push_back(cast_case<float, int64_t>(DType::f32, DType::i64, {0, 1.9F, -1.9F, 0x1p40F, -0x1p62F, 1e30F, -INFINITY, NAN},
                                            {0, 1, -1, int64_t{1} << 40, -(int64_t{1} << 62), most, least, 0}));
  cases.push_back(cast_case<int32_t, int64_t>(DType::i32, DType::i64, {0, -5, INT32_MIN, INT32_MAX}, {0, -5, INT32_MIN, INT32_MAX}));
  cases.push_back(cast_case<int16_t, int64_t>(DType::i16, DType::i64, {0, -5, -32768}, {0, -5, -32768}));
  cases.push_back(cast_case<int8_t, int64_t>(DType::i8, DType::i64, {0, -5, -128}, {0, -5, -128}));
  cases.push_back(cast_case<uint8_t, int64_t>(DType::u8, DType::i64, {0, 5, 255}, {0, 5, 255}));
  cases.push_back(cast_case<uint8_t, int64_t>(DType::boolean, DType::i64, {0, 1, 1}, {0, 1, 1}));
}

inline void add_long_lines(std::vector<FunctionCase>& cases) {
  constexpr int64_t far = int64_t{1} << 40;
  const TensorType line{DType::i64, {2, 3}};
  const std::vector<int64_t> x = {far, -1, far + 1, 2, -far, 2};
  Attrs axis;
  axis.set("axis", int64_t{1});
  cases.push_back({one_node("cumsum", {line}, line, axis), {as_bytes(x)},
                   as_bytes(std::vector<int64_t>{far, far - 1, 2 * far, 2, 2 - far, 4 - far})});
  axis.set("k", int64_t{2});
  FunctionCase top{one_node("top_k", {line}, {DType::i64, {2, 2}}, axis), {as_bytes(x)}, as_bytes(std::vector<int64_t>{far + 1, far, 2, 2})};
  Tensor indices;
  indices.name = "indices";
  indices.dtype = DType::i32;
  indices.shape = {2, 2};
  const TensorId id = top.graph.add(std::move(indices));
  top.graph.nodes[0].outputs.push_back(id);
  top.graph.outputs.push_back(id);
  cases.push_back(std::move(top));
}

inline std::vector<FunctionCase> integer_function_cases() {
  std::vector<FunctionCase> cases;
  add_integer_pairs<int32_t>(cases);
  add_integer_pairs<int64_t>(cases);
  add_integer_reductions<int32_t>(cases);
  add_integer_reductions<int64_t>(cases);
  add_long_casts(cases);
  add_long_lines(cases);
  return cases;
}

}  // namespace smelt::test
