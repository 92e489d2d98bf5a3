// Quantization: QuantizeLinear and DequantizeLinear, and the operators on quantized tensors, which are read as what they
// stand for: dequantized operands, an operator on floats, a quantized result. A pass makes integer operators of that where
// the IR has them.
#include <algorithm>
#include <cmath>
#include <limits>

#include "import/integers.hpp"
#include "import/onnx_images.hpp"
#include "import/onnx_scales.hpp"

namespace smelt::onnx {
namespace {

/// Scales and zero points as operands give them; a missing zero point is 0.
Quantization quantization(Call& c, TensorId scale, TensorId zero, int64_t axis, int64_t rank) {
  Quantization q;
  q.scale = c.b.reals(scale, "the scale");
  for (float s : q.scale) {
    if (!std::isfinite(s) || s <= 0) c.b.refuse("E0304", "scale " + std::to_string(s) + " is not a positive finite number");
  }
  if (c.b.rank(scale) > 1 || q.scale.empty()) c.unsupported("blocked quantization is not supported", "quantize per tensor or per channel");
  q.zero_point.assign(q.scale.size(), 0);
  if (zero != no_tensor) {
    const Ints z = c.b.ints(zero, "the zero point");
    if (z.size() != q.scale.size()) c.mismatch("there are not as many zero points as scales");
    for (size_t i = 0; i < z.size(); ++i) q.zero_point[i] = static_cast<int32_t>(z[i]);
  }
  if (q.scale.size() > 1) q.axis = static_cast<int>(c.axis(axis, rank));
  return q;
}

/// Of unsigned bytes, as signed ones have it.
Quantization made_signed(Quantization q, DType type) {
  for (int32_t& z : q.zero_point) z -= type == DType::u8 ? 128 : 0;
  return q;
}

/// Index of the scale of each element.
std::function<size_t(int64_t)> slices(const Shape& s, const Quantization& q) {
  int64_t inner = 1;
  for (size_t d = static_cast<size_t>(q.axis) + 1; d < s.size(); ++d) inner *= s[d];
  const auto count = static_cast<int64_t>(q.scale.size());
  return [=](int64_t i) { return static_cast<size_t>(count == 1 ? 0 : i / inner % count); };
}

void check_slices(Call& c, const Shape& s, const Quantization& q) {
  if (q.per_channel() && (static_cast<size_t>(q.axis) >= s.size() || static_cast<size_t>(s[static_cast<size_t>(q.axis)]) != q.scale.size())) {
    c.mismatch("there are not as many scales as slices");
  }
}

/// A constant of integers as floats that remember the grid that they lie on.
TensorId dequantized_constant(Call& c, TensorId x, const Quantization& q) {
  const Tensor& t = c.b.at(x);
  check_slices(c, t.shape, q);
  const Ints stored = integers::values(t);
  const auto slice = slices(t.shape, q);
  std::vector<float> v;
  bool exact = true;  // sums of more than 24 bits are not
  for (size_t i = 0; i < stored.size(); ++i) {
    const size_t k = slice(static_cast<int64_t>(i));
    const int64_t centred = stored[i] - q.zero_point[k];
    exact = exact && std::abs(centred) <= 1 << 24;
    v.push_back(q.scale[k] * static_cast<float>(centred));
  }
  return c.b.constant(DType::f32, t.shape, v, exact ? made_signed(q, t.dtype) : Quantization{});
}

/// Operators between two such mean one on integers (passes/use_integers.cpp).
Attrs qdq() {
  Attrs attrs;
  attrs.set("qdq", int64_t{1});
  return attrs;
}

void check_dequantizes(Call& c, DType type) {
  if (type == DType::f32 || type == DType::boolean) c.b.refuse("E0301", std::string("type ") + to_string(type) + " is not supported here", "dequantize integers");
}

TensorId dequantized(Call& c, TensorId x, Quantization q) {
  const DType type = c.b.dtype(x);
  check_dequantizes(c, type);
  if (c.b.is_constant(x)) return dequantized_constant(c, x, q);
  if (type != DType::i8 && type != DType::u8) c.b.refuse("E0301", std::string("type ") + to_string(type) + " is not supported here", "supported: i8, u8");
  if (q.per_channel()) c.b.refuse("E0304", "activations must have one scale", "quantize activations per tensor");
  return c.b.node("dequantize", {c.b.signed_bytes(x, q)}, qdq(), {DType::f32, {}, {}});
}

TensorId quantized_constant(Call& c, TensorId x, DType type, const Quantization& q) {
  const Shape s = c.b.shape(x);
  check_slices(c, s, q);
  const std::vector<float> v = c.b.reals(x, "input");
  const auto slice = slices(s, q);
  const int low = type == DType::u8 ? 0 : -128, high = type == DType::u8 ? 255 : 127;
  Ints stored;
  for (size_t i = 0; i < v.size(); ++i) {
    const size_t k = slice(static_cast<int64_t>(i));
    const double y = std::nearbyint(v[i] / q.scale[k]) + q.zero_point[k];  // ties to even
    stored.push_back(std::isnan(y) ? low : static_cast<int64_t>(std::clamp<double>(y, low, high)));
  }
  const Tensor t = integers::constant(type, s, stored);
  return c.b.constant(type, s, t.data, q);
}

TensorId quantized(Call& c, TensorId x, DType type, const Quantization& q) {
  if (type != DType::i8 && type != DType::u8) c.b.refuse("E0301", std::string("quantizing to ") + to_string(type) + " is not supported", "supported: INT8, UINT8");
  if (c.b.is_constant(x)) return quantized_constant(c, x, type, q);
  if (q.per_channel()) c.b.refuse("E0304", "activations must have one scale", "quantize activations per tensor");
  const TensorId y = c.b.node("quantize", {x}, qdq(), {DType::i8, {}, made_signed(q, type)});
  return type == DType::u8 ? c.b.unsigned_bytes(y) : y;
}

/// Of input, scale, zero point at these places.
TensorId operand(Call& c, size_t at, int64_t axis = 0) {
  const TensorId x = c.in(at);
  return dequantized(c, x, quantization(c, c.in(at + 1), c.maybe(at + 2), axis, c.b.rank(x)));
}

/// The type of a zero point says that of the result.
TensorId result(Call& c, TensorId y, size_t scale) {
  const DType type = c.has(scale + 1) ? c.b.dtype(c.in(scale + 1)) : DType::u8;
  return quantized(c, y, type, quantization(c, c.in(scale), c.maybe(scale + 1), 0, 0));
}

/// A sum's bias: 32-bit integers with the product of both scales.
TensorId bias(Call& c, size_t at, const Quantization& x, const Quantization& weights) {
  if (!c.has(at)) return no_tensor;
  Quantization q = weights;
  for (float& s : q.scale) s *= x.scale[0];
  q.zero_point.assign(q.scale.size(), 0);
  q.axis = 0;
  return dequantized_constant(c, c.in(at), q);
}

// ---- operators ----

/// Whether the IR has such a quantization of x: constants have one scale for each slice, too.
bool is_quantization(Call& c, const Scales& s, DType stored) {
  const auto is_known = [&](TensorId id) { return id == no_tensor || c.b.is_constant(id); };
  if (s.block != 0 || !is_known(s.scale) || !is_known(s.zero)) return false;
  return c.b.is_constant(c.in(0)) || (elements(c.b.shape(s.scale)) == 1 && (stored == DType::i8 || stored == DType::u8));
}

Scales scales(Call& c) { return {c.in(1), c.maybe(2), c.i("axis", 1), c.i("block_size", 0)}; }

void quantize_linear(Call& c) {
  for (const char* name : {"saturate", "precision"}) c.ignore(name);
  const Scales s = scales(c);
  const auto named = static_cast<int32_t>(c.i("output_dtype", 0));
  const std::optional<DType> said = dtype_of(named);
  if (named != 0 && !said) c.b.refuse("E0313", "quantizing to " + type_name(named) + " is not supported", "supported: INT8, UINT8, INT16");
  const DType type = c.has(2) ? c.b.dtype(c.in(2)) : said.value_or(DType::u8);
  c.out = {is_quantization(c, s, type) ? quantized(c, c.in(0), type, quantization(c, s.scale, s.zero, s.axis, c.rank(0)))
                                       : quantized_by(c, c.in(0), type, s)};
}

void dequantize_linear(Call& c) {
  c.ignore("output_dtype");
  const Scales s = scales(c);
  const DType type = c.b.dtype(c.in(0));
  check_dequantizes(c, type);
  c.out = {is_quantization(c, s, type) ? dequantized(c, c.in(0), quantization(c, s.scale, s.zero, s.axis, c.rank(0)))
                                       : dequantized_by(c, c.in(0), s)};
}

void convolution(Call& c) {
  const Quantization qx = quantization(c, c.in(1), c.maybe(2), 0, 0), qw = quantization(c, c.in(4), c.maybe(5), 0, c.b.rank(c.in(3)));
  c.out = {result(c, convolved(c, operand(c, 0), dequantized(c, c.in(3), qw), bias(c, 8, qx, qw)), 6)};
}

void matmul(Call& c) { c.out = {result(c, c.b.matmul(operand(c, 0), operand(c, 3, c.b.rank(c.in(3)) - 1)), 6)}; }

void gemm(Call& c) {
  if (c.f("alpha", 1) != 1) c.unsupported("alpha other than 1 is not supported");
  const bool transposed = c.i("transB", 0) != 0;
  const int64_t axis = transposed ? 0 : 1;
  const Quantization qx = quantization(c, c.in(1), c.maybe(2), 0, 0), qw = quantization(c, c.in(4), c.maybe(5), axis, 2);
  TensorId a = operand(c, 0), b = dequantized(c, c.in(3), qw);
  if (c.i("transA", 0) != 0) a = c.b.transpose(a, {1, 0});
  if (!transposed) b = c.b.transpose(b, {1, 0});
  const TensorId y = c.b.dense(a, b, bias(c, 6, qx, qw));
  c.out = {c.has(7) ? result(c, y, 7) : y};
}

Converter binary(const std::string& op) {
  return [op](Call& c) { c.out = {result(c, c.b.binary(op, operand(c, 0), operand(c, 3)), 6)}; };
}

Converter unary(const std::string& word) {
  return [word](Call& c) {
    std::optional<double> alpha;
    if (word == "leaky_relu") alpha = c.f("alpha", 0.01);
    c.out = {result(c, c.b.activation(word, operand(c, 0), alpha), 3)};
  };
}

void global_average(Call& c) {
  const bool last = c.i("channels_last", 0) != 0;
  Ints axes;
  for (int64_t d = last ? 1 : 2; d < c.rank(0) - (last ? 1 : 0); ++d) axes.push_back(d);
  c.out = {result(c, c.b.reduce("mean", operand(c, 0), axes, true), 3)};
}

void average(Call& c) {
  if (c.i("channels_last", 0) != 0) c.unsupported("channels_last is not supported");
  c.out = {result(c, averaged(c, operand(c, 0)), 3)};
}

void concat(Call& c) {
  Ids parts;
  for (size_t at = 2; at + 2 < c.inputs(); at += 3) parts.push_back(operand(c, at));
  if (parts.empty()) c.mismatch("there is nothing to join");
  const TensorId y = c.b.concat(parts, c.axis(c.i("axis", 1), c.b.rank(parts[0])));
  c.out = {result(c, y, 0)};
}

void softmax(Call& c) {
  const int64_t version = c.i("opset", 13);
  const int64_t axis = c.axis(c.i("axis", version < 13 ? 1 : -1), c.rank(0));
  const Shape s = c.shape(0);
  int64_t outer = 1;
  for (int64_t d = 0; d < axis; ++d) outer *= s[static_cast<size_t>(d)];
  const TensorId x = operand(c, 0);
  const TensorId y = version >= 13 ? c.b.softmax(x, axis) : c.b.reshape(c.b.softmax(c.b.reshape(x, Ints{outer, elements(s) / outer}), 1), s);
  c.out = {result(c, y, 3)};
}

}  // namespace

void add_quantized(Converters& to) {
  to.insert({{"QuantizeLinear", quantize_linear}, {"DequantizeLinear", dequantize_linear}, {"QLinearConv", convolution}, {"QLinearMatMul", matmul}});
  // ONNX Runtime's quantizer writes both of these in its own domain too.
  const Converters own = {{"QuantizeLinear", quantize_linear}, {"DequantizeLinear", dequantize_linear}, {"QGemm", gemm},
                          {"QLinearAdd", binary("add")}, {"QLinearMul", binary("mul")}, {"QLinearGlobalAveragePool", global_average},
                          {"QLinearAveragePool", average}, {"QLinearSigmoid", unary("sigmoid")}, {"QLinearLeakyRelu", unary("leaky_relu")},
                          {"QLinearConcat", concat}, {"QLinearSoftmax", softmax}};
  for (const auto& [name, converter] : own) to["com.microsoft." + name] = converter;
}

}  // namespace smelt::onnx
