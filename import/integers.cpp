#include "import/integers.hpp"

#include <algorithm>
#include <cstring>
#include <memory>

#include "ops/broadcast.hpp"

namespace smelt::integers {
namespace {

template <class T>
std::vector<int64_t> read(const Tensor& t) {
  return {t.as<T>(), t.as<T>() + elements(t.shape)};
}

using Function = int64_t (*)(int64_t, int64_t);
struct Named {
  const char* name;
  Function function;
  bool truth;  ///< makes bool
};

uint64_t u(int64_t v) { return static_cast<uint64_t>(v); }

int64_t power(int64_t base, int64_t exponent) {
  if (exponent < 0) return base == 1 || base == -1 ? (exponent % 2 != 0 ? base : 1) : 0;
  uint64_t y = 1;
  for (uint64_t square = u(base), left = u(exponent); left != 0; left >>= 1, square *= square) {
    if (left % 2 != 0) y *= square;
  }
  return static_cast<int64_t>(y);
}

int64_t floor_modulo(int64_t a, int64_t b) {
  if (b == -1) return 0;
  const int64_t r = a % b;
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}

constexpr Named functions[] = {
    {"add", [](int64_t a, int64_t b) { return static_cast<int64_t>(u(a) + u(b)); }, false},
    {"sub", [](int64_t a, int64_t b) { return static_cast<int64_t>(u(a) - u(b)); }, false},
    {"mul", [](int64_t a, int64_t b) { return static_cast<int64_t>(u(a) * u(b)); }, false},
    {"div", [](int64_t a, int64_t b) { return b == -1 ? static_cast<int64_t>(0 - u(a)) : a / b; }, false},
    {"floor_mod", floor_modulo, false},
    {"pow", power, false},
    {"minimum", [](int64_t a, int64_t b) { return std::min(a, b); }, false},
    {"maximum", [](int64_t a, int64_t b) { return std::max(a, b); }, false},
    {"equal", [](int64_t a, int64_t b) { return int64_t{a == b}; }, true},
    {"not_equal", [](int64_t a, int64_t b) { return int64_t{a != b}; }, true},
    {"less", [](int64_t a, int64_t b) { return int64_t{a < b}; }, true},
    {"less_equal", [](int64_t a, int64_t b) { return int64_t{a <= b}; }, true},
    {"greater", [](int64_t a, int64_t b) { return int64_t{a > b}; }, true},
    {"greater_equal", [](int64_t a, int64_t b) { return int64_t{a >= b}; }, true},
};

bool is_wide(DType type) { return type == DType::i32 || type == DType::i64; }

}  // namespace

std::vector<int64_t> values(const Tensor& t) {
  switch (t.dtype) {
    case DType::i8:
      return read<int8_t>(t);
    case DType::i16:
      return read<int16_t>(t);
    case DType::i32:
      return read<int32_t>(t);
    case DType::i64:
      return read<int64_t>(t);
    default:
      SMELT_ASSERT(t.dtype != DType::f32, "integers are asked for");
      return read<uint8_t>(t);
  }
}

Tensor constant(DType dtype, const Shape& shape, const std::vector<int64_t>& values) {
  const auto size = static_cast<size_t>(size_of(dtype));
  Bytes bytes(values.size() * size);
  for (size_t i = 0; i < values.size(); ++i) std::memcpy(bytes.data() + i * size, &values[i], size);  // little-endian
  Tensor t;
  t.dtype = dtype;
  t.shape = shape;
  t.data = std::make_shared<const Bytes>(std::move(bytes));
  return t;
}

std::optional<Tensor> binary(const std::string& op, const Tensor& a, const Tensor& b) {
  const auto* known = std::find_if(std::begin(functions), std::end(functions), [&](const Named& f) { return op == f.name; });
  const std::optional<Shape> shape = broadcast(a.shape, b.shape);
  constexpr int64_t most = 1 << 20;  // shapes and indices, not images
  if (known == std::end(functions) || !shape || !is_wide(a.dtype) || !is_wide(b.dtype)) return std::nullopt;
  int64_t count = 1;
  for (int32_t d : *shape) count *= d;
  if (count > most || elements(a.shape) > most || elements(b.shape) > most) return std::nullopt;
  const std::vector<int64_t> x = values(a), y = values(b);
  const bool divides = op == "div" || op == "floor_mod";
  std::vector<int64_t> results;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t q = y[static_cast<size_t>(broadcast_index(i, *shape, b.shape))];
    if (divides && q == 0) return std::nullopt;
    results.push_back(known->function(x[static_cast<size_t>(broadcast_index(i, *shape, a.shape))], q));
  }
  return constant(known->truth ? DType::boolean : a.dtype, *shape, results);
}

}  // namespace smelt::integers
