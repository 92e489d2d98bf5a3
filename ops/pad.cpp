// A constant around a tensor: paddings = [before0, after0, before1, ...], value in the stored domain.
// Source: TensorFlow Lite, kernels/pad.cc (which value is padded with) and kernels/internal/reference/pad.h.
#include <algorithm>
#include <cstring>
#include <limits>

#include "ops/movement.hpp"
#include "ops/quantize.hpp"
#include "ops/view.hpp"
#include "ops/raw.hpp"

namespace smelt {
namespace {
using namespace movement;

/// Content of a constant of one element.
Attrs::Value element(const Tensor& t) {
  const uint8_t* data = t.data->data();
  const auto read = [&](auto v) {
    std::memcpy(&v, data, sizeof v);
    return v;
  };
  switch (t.dtype) {
    case DType::f32:
      return static_cast<double>(read(float{}));
    case DType::i8:
      return static_cast<int64_t>(read(int8_t{}));
    case DType::i16:
      return static_cast<int64_t>(read(int16_t{}));
    case DType::i32:
      return static_cast<int64_t>(read(int32_t{}));
    case DType::i64:
      return read(int64_t{});
    default:
      return static_cast<int64_t>(read(uint8_t{}));
  }
}

/// Without a value: the number that stands for zero. The reference looks at the input for whether it is quantized, and
/// at the output for the zero point; u8 always counts as quantized, wider integers than 16 bits never do.
Attrs::Value zero(const Tensor& in, const Tensor& out) {
  if (in.dtype == DType::f32) return 0.0;
  const bool quantized =
      in.dtype == DType::u8 || ((in.dtype == DType::i8 || in.dtype == DType::i16) && in.quant.present());
  return int64_t{quantized && out.quant.present() && !out.quant.zero_point.empty() ? out.quant.zero_point[0] : 0};
}

Outcome normalize(Graph& graph, Node& node) {
  if (Outcome o = check_operands(graph, node, 2, 3); !o) return o;
  const Tensor& in = graph.at(node.in(0));
  const Tensor& out = graph.at(node.out());
  const Result<Ints> paddings = constant_ints(graph, node, 1, "paddings");
  if (!paddings) return paddings.failure();
  Attrs::Value value = zero(in, out);
  if (node.inputs.size() == 3) {
    const Tensor& v = graph.at(node.in(2));
    if (!v.constant())
      return fail(graph, node, "E0301", "the value must be constant", "export the model with a fixed value");
    if (v.dtype != in.dtype) {
      return fail(graph, node, "E0301",
                  std::string("a value of type ") + to_string(v.dtype) + " for " + to_string(in.dtype));
    }
    if (elements(v.shape) != 1 || v.data->size() != static_cast<size_t>(size_of(v.dtype))) {
      return mismatch(graph, node, "the value must be one number, not " + to_string(v.shape));
    }
    if (in.quant.present() && (v.quant.scale != out.quant.scale || v.quant.zero_point != out.quant.zero_point)) {
      return fail(graph, node, "E0304", "the value is quantized differently from the output",
                  "quantize the model again with equal scales here");
    }
    value = element(v);
  }
  node.attrs.set("paddings", *paddings);
  node.attrs.set("value", value);
  node.inputs.resize(1);
  return Done{};
}

/// Smallest and largest value that an integer type stores.
bool fits(DType type, int64_t v) {
  switch (type) {
    case DType::i8:
      return v >= -128 && v <= 127;
    case DType::u8:
      return v >= 0 && v <= 255;
    case DType::i16:
      return v >= -32768 && v <= 32767;
    case DType::i32:
      return v >= std::numeric_limits<int32_t>::min() && v <= std::numeric_limits<int32_t>::max();
    case DType::boolean:
      return v == 0 || v == 1;
    default:
      return true;
  }
}

Result<std::vector<TensorType>> infer(const Graph& graph, const Node& node) {
  if (Outcome o = check_types(graph, node, 1, 1); !o) return o.failure();
  const Tensor& in = graph.at(node.in(0));
  const Ints paddings = node.attrs.ints("paddings");
  if (paddings.size() != 2 * in.shape.size()) {
    return mismatch(graph, node, std::to_string(paddings.size()) + " paddings for shape " + to_string(in.shape));
  }
  const auto value = node.attrs.values().find("value");
  const bool is_float = in.dtype == DType::f32;
  if (value == node.attrs.values().end() || !(is_float ? std::holds_alternative<double>(value->second)
                                                       : std::holds_alternative<int64_t>(value->second) &&
                                                             fits(in.dtype, std::get<int64_t>(value->second)))) {
    return mismatch(graph, node, std::string("the value is not one of type ") + to_string(in.dtype));
  }
  Ints shape;
  for (size_t d = 0; d < in.shape.size(); ++d) {
    const int64_t before = paddings[2 * d], after = paddings[2 * d + 1];
    constexpr int64_t most = std::numeric_limits<int32_t>::max();
    if (before < 0 || after < 0 || before > most || after > most) {
      return mismatch(graph, node,
                      "paddings " + std::to_string(before) + " and " + std::to_string(after) + " of dimension " +
                          std::to_string(d) + " are out of range");
    }
    shape.push_back(in.shape[d] + before + after);
  }
  const Result<Shape> checked = checked_shape(graph, node, shape);
  if (!checked) return checked.failure();
  return std::vector<TensorType>{{in.dtype, *checked}};
}

/// The bytes of one padding element.
Bytes stored_value(const Node& node, DType type) {
  Bytes bytes(static_cast<size_t>(size_of(type)));
  const int64_t integer = node.attrs.i("value");
  const auto real = static_cast<float>(node.attrs.f("value"));
  std::memcpy(bytes.data(), type == DType::f32 ? static_cast<const void*>(&real) : &integer, bytes.size());
  return bytes;
}

void evaluate(const Evaluation& e) {
  const Ints paddings = e.node.attrs.ints("paddings");
  const Shape& shape = e.in[0]->type->shape;
  const Bytes value = stored_value(e.node, e.in[0]->type->dtype);
  for_each_index(e.out[0]->type->shape, [&](const Ints& to) {
    Ints from(to.size());
    bool inside = true;
    for (size_t d = 0; d < to.size(); ++d) {
      from[d] = to[d] - paddings[2 * d];
      inside = inside && from[d] >= 0 && from[d] < shape[d];
    }
    if (inside) {
      copy_element(*e.in[0], from, *e.out[0], to);
    } else {
      std::copy(value.begin(), value.end(),
                e.out[0]->bytes.begin() + position(e.out[0]->type->shape, to) * static_cast<int64_t>(value.size()));
    }
  });
}

Outcome lower(Lowering& l) {
  const Tensor& in = l.input(0);
  const Ints paddings = l.node.attrs.ints("paddings");
  BlockCopy c;
  c.extents.assign(in.shape.begin(), in.shape.end());
  c.from = strides_of(in.shape);
  c.to = strides_of(l.output().shape);
  for (size_t d = 0; d < in.shape.size(); ++d) c.to_offset += paddings[2 * d] * c.to[d];
  const Bytes value = stored_value(l.node, in.dtype);
  uint32_t fill = 0;
  for (size_t i = 0; i < 4; ++i) fill |= uint32_t{value[i % value.size()]} << (8 * i);
  return lower_copies(l, {c}, fill);
}

bool is_identity(const Graph& graph, const Node& node) {
  return graph.at(node.in(0)).shape == graph.at(node.out()).shape &&
         graph.at(node.in(0)).quant == graph.at(node.out()).quant;
}

/// PADV2, whose value is said, rather than PAD, whose zero every type has in its own way.
Outcome denormalize(Graph& graph, Node& node) {
  const Ints paddings = node.attrs.ints("paddings");
  raw::put_ints(graph, node, paddings, "paddings");
  graph.at(node.inputs.back()).shape = {static_cast<int32_t>(paddings.size() / 2), 2};
  const Tensor& in = graph.at(node.in(0));
  Tensor value{in.name + "/value", in.dtype, {1}, graph.at(node.out()).quant, nullptr, -1};
  const int64_t integer = node.attrs.i("value");
  const auto real = static_cast<float>(node.attrs.f("value"));
  Bytes bytes(static_cast<size_t>(size_of(in.dtype)));
  std::memcpy(bytes.data(), in.dtype == DType::f32 ? static_cast<const void*>(&real) : &integer, bytes.size());
  value.data = std::make_shared<Bytes>(std::move(bytes));
  node.inputs.push_back(graph.add(std::move(value)));
  for (const char* ours : {"paddings", "value"}) node.attrs.erase(ours);
  raw::name(node, "PADV2", "PadV2Options");
  return Done{};
}

std::optional<Attrs> under_view(const Graph&, const Node& node, const DimOrder& order) {
  const Ints paddings = node.attrs.ints("paddings");
  Ints turned;
  for (int d : order) {
    for (size_t side : {size_t{0}, size_t{1}}) turned.push_back(d < 0 ? 0 : paddings[2 * static_cast<size_t>(d) + side]);
  }
  Attrs attrs = node.attrs;
  attrs.set("paddings", turned);
  return attrs;
}

}  // namespace

extern const OpDef op_pad;
const OpDef op_pad = {.name = "pad",
                      .tflite = {"PAD", "PADV2"},
                      .normalize = normalize,
                      .infer = infer,
                      .evaluate = evaluate,
                      .lower = lower,
                      .is_padding = true,
                      .is_identity = is_identity,
                      .channels = each_kept_channel,
                      .under_view = under_view,
                      .denormalize = denormalize};

}  // namespace smelt
