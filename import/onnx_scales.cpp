#include "import/onnx_scales.hpp"

#include "import/integers.hpp"

namespace smelt::onnx {
namespace {

/// Scales or zero points as floats that broadcast to a tensor of shape `to`.
TensorId spread(Call& c, TensorId v, const Shape& to, const Scales& s) {
  const Shape own = c.b.shape(v);
  if (c.b.dtype(v) != DType::f32) v = c.b.cast(v, DType::f32);
  if (s.block == 0) {
    if (elements(own) == 1) return c.b.reshape(v, Shape{});
    const int64_t axis = c.axis(s.axis, static_cast<int64_t>(to.size()));
    if (own != Shape{to[static_cast<size_t>(axis)]}) c.mismatch("there are not as many scales or zero points as slices");
    Shape aligned(to.size() - static_cast<size_t>(axis), 1);
    aligned[0] = own[0];
    return c.b.reshape(v, aligned);
  }
  const int64_t axis = c.axis(s.axis, static_cast<int64_t>(to.size()));
  const int64_t size = to[static_cast<size_t>(axis)];
  if (s.block < 0) c.mismatch("block_size is below 0");
  Shape blocks = to;
  blocks[static_cast<size_t>(axis)] = static_cast<int32_t>((size - 1) / s.block + 1);
  if (own != blocks) c.mismatch("scales or zero points of " + to_string(own) + " are not one for each block of " + to_string(to));
  Ints from;
  for (int64_t i = 0; i < size; ++i) from.push_back(i / s.block);
  const Tensor indices = integers::constant(DType::i32, {static_cast<int32_t>(size)}, from);
  Attrs a;
  a.set("axis", axis);
  return c.b.node("gather", {v, c.b.constant(indices.dtype, indices.shape, indices.data)}, a);
}

struct Limits {
  float low, high;
};

Limits limits_of(Call& c, DType type) {
  switch (type) {
    case DType::i8:
      return {-128, 127};
    case DType::u8:
      return {0, 255};
    case DType::i16:
      return {-32768, 32767};
    default:
      c.b.refuse("E0301", std::string("quantizing to ") + to_string(type) + " is not supported", "supported: INT8, UINT8, INT16");
  }
}

}  // namespace

TensorId quantized_by(Call& c, TensorId x, DType type, const Scales& s) {
  const Limits limits = limits_of(c, type);
  const Shape shape = c.b.shape(x);
  TensorId y = c.b.unary("round", c.b.div(c.b.cast(x, DType::f32), spread(c, s.scale, shape, s)));
  if (s.zero != no_tensor) y = c.b.add(y, spread(c, s.zero, shape, s));
  y = c.b.minimum(c.b.maximum(y, c.b.number(limits.low)), c.b.number(limits.high));
  return c.b.cast(y, type);
}

TensorId dequantized_by(Call& c, TensorId x, const Scales& s) {
  const Shape shape = c.b.shape(x);
  TensorId y = c.b.cast(x, DType::f32);
  if (s.zero != no_tensor) y = c.b.sub(y, spread(c, s.zero, shape, s));
  return c.b.mul(y, spread(c, s.scale, shape, s));
}

}  // namespace smelt::onnx
