// QUANTIZE (float to 8 or 16 bits; 8 or 16 bits to such of other parameters) and DEQUANTIZE.
// Source: TensorFlow Lite, kernels/quantize.cc, kernels/dequantize.cc and
// kernels/internal/reference/{quantize,dequantize,requantize}.h.
#include "ops/quantize.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "ops/elementwise.hpp"
#include "ops/view.hpp"
#include "runtime/ops/quantize_dequantize.hpp"
#include "runtime/ops/quantize_dequantize_s16.hpp"

namespace smelt {

extern const OpDef op_dequantize;

namespace {

struct Range {
  int32_t low;
  int32_t high;
};

Range range_of(DType type) {
  if (type == DType::i16) return {-32768, 32767};
  return type == DType::u8 ? Range{0, 255} : Range{-128, 127};
}

bool is_byte(DType type) { return type == DType::i8 || type == DType::u8; }
bool is_stored(DType type) { return is_byte(type) || type == DType::i16; }

/// Element i of integers.
int32_t stored(const Value& v, size_t i) {
  if (v.type->dtype == DType::i16) return v.as<int16_t>()[i];
  return v.type->dtype == DType::i8 ? v.as<int8_t>()[i] : int32_t{v.bytes[i]};
}
void store(Value& v, size_t i, int32_t x) {
  if (v.type->dtype == DType::i16) {
    v.as<int16_t>()[i] = static_cast<int16_t>(x);
  } else {
    v.bytes[i] = static_cast<uint8_t>(x);
  }
}

// ---- quantize ----

double ratio(const Tensor& in, const Tensor& out) {
  return static_cast<double>(in.quant.scale.at(0)) / static_cast<double>(out.quant.scale.at(0));
}

Result<std::vector<TensorType>> infer_quantize(const Graph& graph, const Node& node) {
  if (Outcome o = elementwise::check_operands(graph, node, 1); !o) return o.failure();
  const Tensor& in = graph.at(node.in(0));
  const Tensor& out = graph.at(node.out(0));
  if (in.dtype != DType::f32 && !is_stored(in.dtype)) {
    return elementwise::unsupported_type(graph, node, in.dtype, "f32, i8, u8, i16");
  }
  // Between uint8 and int16 the reference knows no way.
  const bool unknown = in.dtype == DType::i16 && out.dtype == DType::u8;
  if (!is_stored(out.dtype) || unknown || (in.dtype == DType::u8 && out.dtype == DType::i16)) {
    return elementwise::unsupported_type(graph, node, out.dtype, "i8, u8, i16 to quantize to, not between u8 and i16");
  }
  if (Outcome o = elementwise::check_per_tensor(graph, node, node.out(0)); !o) return o.failure();
  if (is_stored(in.dtype)) {
    if (Outcome o = elementwise::check_per_tensor(graph, node, node.in(0)); !o) return o.failure();
    // From here on an 8-bit or 16-bit value times the ratio would not fit 32 bits.
    if (!(ratio(in, out) < (is_byte(in.dtype) ? 4194304.0 : 16384.0))) return elementwise::scales_too_far_apart(graph, node);
  }
  return std::vector<TensorType>{{out.dtype, in.shape}};
}

elementwise::ByteFunction requantize(const Tensor& in, const Tensor& out) {
  const Multiplier m = quantize_multiplier(ratio(in, out));
  const int32_t in_zero = in.quant.zero_point.at(0);
  const int32_t out_zero = out.quant.zero_point.at(0);
  const Range range = range_of(out.dtype);
  return [=](int32_t v) { return std::clamp(oracle::requantize(v - in_zero, m) + out_zero, range.low, range.high); };
}

void evaluate_quantize(const Evaluation& e) {
  const Tensor& in = *e.in[0]->type;
  const Tensor& out = *e.out[0]->type;
  const auto n = static_cast<size_t>(elements(out.shape));
  if (is_stored(in.dtype)) {
    const elementwise::ByteFunction function = requantize(in, out);
    for (size_t i = 0; i < n; ++i) store(*e.out[0], i, function(stored(*e.in[0], i)));
    return;
  }
  const auto* x = e.in[0]->as<float>();
  const Range range = range_of(out.dtype);
  const float scale = out.quant.scale.at(0);
  const double zero = out.quant.zero_point.at(0);
  for (size_t i = 0; i < n; ++i) {
    // The reference converts to an integer before it clamps, which is undefined beyond 2^31; it saturates here.
    const double q = static_cast<double>(std::round(x[i] / scale)) + zero;
    const double clamped = std::isnan(q) ? range.low : std::clamp(q, double(range.low), double(range.high));
    store(*e.out[0], i, static_cast<int32_t>(clamped));
  }
}

/// Between integers of which one is of 16 bits.
Outcome lower_requantize(Lowering& l) {
  const Tensor& in = l.input(0);
  const Tensor& out = l.output();
  const Multiplier m = quantize_multiplier(ratio(in, out));
  const Range range = range_of(out.dtype);
  const RequantizeS16 p{row_elements(out.shape), in.quant.zero_point.at(0), m.multiplier, ~m.shift,
                        out.quant.zero_point.at(0), range.low, range.high};
  constexpr const char* header = "ops/quantize_dequantize_s16.hpp";
  if (in.dtype == DType::i8) {
    l.kernel(header, SMELT_KERNEL(requantize_s8_s16));
  } else if (out.dtype == DType::i8) {
    l.kernel(header, SMELT_KERNEL(requantize_s16_s8));
  } else {
    l.kernel(header, SMELT_KERNEL(requantize_s16));
  }
  l.params("smelt::RequantizeS16", p, "row in_zero multiplier right zero low high");
  l.rowwise();
  return Done{};
}

Outcome lower_quantize(Lowering& l) {
  const Tensor& out = l.output();
  if (is_byte(l.input(0).dtype) && is_byte(out.dtype)) {
    elementwise::lower_bytes(l, requantize(l.input(0), out));
    return Done{};
  }
  if (is_stored(l.input(0).dtype)) return lower_requantize(l);
  const Range range = range_of(out.dtype);
  const int32_t zero = out.quant.zero_point.at(0);
  Quantize p{};
  p.row = row_elements(out.shape);
  p.scale = float_bits(out.quant.scale.at(0));
  p.zero = zero;
  p.low = float_bits(static_cast<float>(range.low - zero));
  p.high = float_bits(static_cast<float>(range.high - zero));
  out.dtype == DType::i16 ? l.kernel("ops/quantize_dequantize_s16.hpp", SMELT_KERNEL(quantize_f32_s16))
                          : l.kernel("ops/quantize_dequantize.hpp", SMELT_KERNEL(quantize_f32));
  l.params("smelt::Quantize", p, "row scale zero low high");
  l.rowwise();
  return Done{};
}

bool same_type(const Tensor& a, const Tensor& b) {
  return a.dtype == b.dtype && a.shape == b.shape && a.quant == b.quant;
}

bool quantizes_nothing(const Graph& graph, const Node& node) {
  return same_type(graph.at(node.in(0)), graph.at(node.out(0)));
}

/// A dequantized value, quantized with the same parameters, is itself: the quotient is within a part in 2^23 of a whole
/// number of at most 2^16, unless the float overflowed or lost digits below the smallest normal number.
bool requantizes_the_same(const Graph& graph, const Node& before, const Node& self) {
  if (find_op(before.op) != &op_dequantize) return false;
  const Tensor& source = graph.at(before.in(0));
  const float scale = source.quant.scale.at(0);
  return same_type(source, graph.at(self.out(0))) && scale > 1e-30F && scale < 1e30F;
}

// ---- dequantize ----

Result<std::vector<TensorType>> infer_dequantize(const Graph& graph, const Node& node) {
  if (Outcome o = elementwise::check_operands(graph, node, 1); !o) return o.failure();
  const Tensor& in = graph.at(node.in(0));
  if (!is_stored(in.dtype)) return elementwise::unsupported_type(graph, node, in.dtype, "i8, u8, i16");
  if (Outcome o = elementwise::check_per_tensor(graph, node, node.in(0)); !o) return o.failure();
  return std::vector<TensorType>{{DType::f32, in.shape}};
}

void evaluate_dequantize(const Evaluation& e) {
  const Tensor& in = *e.in[0]->type;
  const double scale = in.quant.scale.at(0);
  const int32_t zero = in.quant.zero_point.at(0);
  for (size_t i = 0; i < static_cast<size_t>(elements(in.shape)); ++i) {
    e.out[0]->as<float>()[i] = static_cast<float>(scale * (stored(*e.in[0], i) - zero));
  }
}

Outcome lower_dequantize(Lowering& l) {
  const Tensor& in = l.input(0);
  const int32_t flip = in.dtype == DType::u8 ? 128 : 0;
  Dequantize p{};
  p.row = row_elements(in.shape);
  p.scale = float_bits(in.quant.scale.at(0));
  p.zero = in.quant.zero_point.at(0) - flip;
  p.flip = flip;
  in.dtype == DType::i16 ? l.kernel("ops/quantize_dequantize_s16.hpp", SMELT_KERNEL(dequantize_s16_f32))
                         : l.kernel("ops/quantize_dequantize.hpp", SMELT_KERNEL(dequantize_f32));
  l.params("smelt::Dequantize", p, "row scale zero flip");
  l.rowwise();
  return Done{};
}

OpDef dequantize() {
  OpDef op{"dequantize", {"DEQUANTIZE"}, nullptr, infer_dequantize, evaluate_dequantize, lower_dequantize};
  op.channels = each_channel;
  op.under_view = view::unchanged;
  op.rescales = true;
  op.dequantizes = true;
  return op;
}

OpDef quantize() {
  OpDef op{"quantize", {"QUANTIZE"}, nullptr, infer_quantize, evaluate_quantize, lower_quantize};
  op.is_identity = quantizes_nothing;
  op.undoes = requantizes_the_same;
  op.bytewise = true;
  op.channels = each_channel;
  op.under_view = view::unchanged;
  op.rescales = true;
  op.quantizes = true;
  return op;
}

}  // namespace

extern const OpDef op_dequantize = dequantize();
extern const OpDef op_quantize = quantize();

}  // namespace smelt
