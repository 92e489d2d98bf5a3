// CAST: numbers from one type to another, whatever they are quantized as.
// Source: TensorFlow Lite, kernels/cast.cc. Where C++ leaves a conversion undefined, floats saturate at int32 (at int64, where that is asked for), and NaN is 0.
#include "runtime/ops/cast.hpp"

#include <cmath>
#include <cstring>
#include <map>
#include <utility>

#include "ops/elementwise.hpp"
#include "ops/raw.hpp"
#include "ops/view.hpp"

namespace smelt {
namespace {

struct DeviceKernel {
  const char* symbol;
  Kernel function;
};

#define FROM_TO(name) DeviceKernel{SMELT_KERNEL(name)}

/// Of two types that differ. Bytes of either sign are cut off alike; booleans are bytes of 0 and 1.
DeviceKernel kernel_of(DType from, DType to) {
  using T = DType;
  static const std::map<std::pair<DType, DType>, DeviceKernel> kernels = {
      {{T::f32, T::i32}, FROM_TO(cast_f32_s32)},     {{T::f32, T::i16}, FROM_TO(cast_f32_16)},
      {{T::f32, T::i8}, FROM_TO(cast_f32_8)},        {{T::f32, T::u8}, FROM_TO(cast_f32_8)},
      {{T::f32, T::boolean}, FROM_TO(cast_f32_bool)}, {{T::i32, T::f32}, FROM_TO(cast_s32_f32)},
      {{T::i32, T::i16}, FROM_TO(cast_s32_16)},      {{T::i32, T::i8}, FROM_TO(cast_s32_8)},
      {{T::i32, T::u8}, FROM_TO(cast_s32_8)},        {{T::i32, T::boolean}, FROM_TO(cast_s32_bool)},
      {{T::i16, T::f32}, FROM_TO(cast_s16_f32)},     {{T::i16, T::i32}, FROM_TO(cast_s16_s32)},
      {{T::i16, T::i8}, FROM_TO(cast_s16_8)},        {{T::i16, T::u8}, FROM_TO(cast_s16_8)},
      {{T::i16, T::boolean}, FROM_TO(cast_s16_bool)}, {{T::i8, T::f32}, FROM_TO(cast_s8_f32)},
      {{T::i8, T::i32}, FROM_TO(cast_s8_s32)},       {{T::i8, T::i16}, FROM_TO(cast_s8_16)},
      {{T::i8, T::u8}, FROM_TO(cast_8_8)},           {{T::i8, T::boolean}, FROM_TO(cast_8_bool)},
      {{T::u8, T::f32}, FROM_TO(cast_u8_f32)},       {{T::u8, T::i32}, FROM_TO(cast_u8_s32)},
      {{T::u8, T::i16}, FROM_TO(cast_u8_16)},        {{T::u8, T::i8}, FROM_TO(cast_8_8)},
      {{T::u8, T::boolean}, FROM_TO(cast_8_bool)},   {{T::boolean, T::f32}, FROM_TO(cast_u8_f32)},
      {{T::boolean, T::i32}, FROM_TO(cast_u8_s32)},  {{T::boolean, T::i16}, FROM_TO(cast_u8_16)},
      {{T::boolean, T::i8}, FROM_TO(cast_8_8)},      {{T::boolean, T::u8}, FROM_TO(cast_8_8)},
      {{T::f32, T::i64}, FROM_TO(cast_f32_s64)},     {{T::i32, T::i64}, FROM_TO(cast_s32_s64)},
      {{T::i16, T::i64}, FROM_TO(cast_s16_s64)},     {{T::i8, T::i64}, FROM_TO(cast_s8_s64)},
      {{T::u8, T::i64}, FROM_TO(cast_u8_s64)},       {{T::boolean, T::i64}, FROM_TO(cast_u8_s64)},
      {{T::i64, T::f32}, FROM_TO(cast_s64_f32)},     {{T::i64, T::i32}, FROM_TO(cast_s64_s32)},
      {{T::i64, T::i16}, FROM_TO(cast_s64_16)},      {{T::i64, T::i8}, FROM_TO(cast_s64_8)},
      {{T::i64, T::u8}, FROM_TO(cast_s64_8)},        {{T::i64, T::boolean}, FROM_TO(cast_s64_bool)}};
  const auto found = kernels.find({from, to});
  SMELT_ASSERT(found != kernels.end(), "a way between any two types");
  return found->second;
}

/// The output's own type says what is made; the file's `in_data_type` and `out_data_type` may be left at their defaults.
Outcome normalize(Graph&, Node& node) {
  node.attrs.erase("in_data_type");
  node.attrs.erase("out_data_type");
  return Done{};
}

Result<std::vector<TensorType>> infer(const Graph& graph, const Node& node) {
  if (Outcome o = elementwise::check_operands(graph, node, 1); !o) return o.failure();
  return std::vector<TensorType>{{graph.at(node.out()).dtype, graph.at(node.in(0)).shape}};
}

template <class T>
T element(const Value& v, int64_t i) {
  return v.as<T>()[i];
}

/// The number as an integer to be cut off to this type; a float loses its fraction first.
int64_t integer_at(const Value& v, int64_t i, DType to) {
  switch (v.type->dtype) {
    case DType::i8:
      return element<int8_t>(v, i);
    case DType::i16:
      return element<int16_t>(v, i);
    case DType::i32:
      return element<int32_t>(v, i);
    case DType::i64:
      return element<int64_t>(v, i);
    case DType::f32: {
      const auto x = static_cast<double>(element<float>(v, i));
      if (std::isnan(x)) return 0;
      if (to == DType::i64) return x >= 0x1p63 ? INT64_MAX : x <= -0x1p63 ? INT64_MIN : static_cast<int64_t>(x);
      return static_cast<int64_t>(std::trunc(std::fmin(std::fmax(x, -2147483648.0), 2147483647.0)));
    }
    default:
      return element<uint8_t>(v, i);
  }
}

void evaluate(const Evaluation& e) {
  const Value& in = *e.in[0];
  const bool reals = in.type->dtype == DType::f32;
  const auto size = static_cast<size_t>(size_of(e.out[0]->type->dtype));
  for (int64_t i = 0; i < elements(in.type->shape); ++i) {
    const int64_t whole = integer_at(in, i, e.out[0]->type->dtype);
    const float real = reals ? in.as<float>()[i] : static_cast<float>(whole);
    uint8_t* to = e.out[0]->bytes.data() + static_cast<size_t>(i) * size;
    if (e.out[0]->type->dtype == DType::f32) std::memcpy(to, &real, size);
    else if (e.out[0]->type->dtype == DType::boolean) *to = reals ? real != 0 : whole != 0;
    else std::memcpy(to, &whole, size);  // little-endian: the low bytes
  }
}

bool is_identity(const Graph& graph, const Node& node) {
  const Tensor& in = graph.at(node.in(0));
  const Tensor& out = graph.at(node.out());
  return in.dtype == out.dtype && in.quant == out.quant;
}

Outcome lower(Lowering& l) {
  const Tensor& in = l.input(0);
  const Tensor& out = l.output();
  if (in.dtype == out.dtype) {  // only between different quantizations, which change nothing
    l.kernel("ops/cast.hpp", SMELT_KERNEL(cast_8_8));
    l.params("smelt::UnaryF32", UnaryF32{row_elements(out.shape) * size_of(out.dtype)}, "row");
    l.rowwise();
    return Done{};
  }
  const DeviceKernel kernel = kernel_of(in.dtype, out.dtype);
  l.kernel("ops/cast.hpp", kernel.symbol, kernel.function);
  l.params("smelt::UnaryF32", UnaryF32{row_elements(out.shape)}, "row");
  l.rowwise();
  if (!in.constant() && size_of(in.dtype) == size_of(out.dtype)) l.in_place(0);
  return Done{};
}

/// The schema's word for a type.
std::string word_of(DType type) {
  switch (type) {
    case DType::i8: return "INT8";
    case DType::u8: return "UINT8";
    case DType::i16: return "INT16";
    case DType::i32: return "INT32";
    case DType::i64: return "INT64";
    case DType::boolean: return "BOOL";
    default: return "FLOAT32";
  }
}

Outcome denormalize(Graph& graph, Node& node) {
  node.attrs.set("in_data_type", word_of(graph.at(node.in(0)).dtype));
  node.attrs.set("out_data_type", word_of(graph.at(node.out()).dtype));
  raw::name(node, "CAST", "CastOptions");
  return Done{};
}

}  // namespace

extern const OpDef op_cast;
const OpDef op_cast = {.name = "cast",
                       .tflite = {"CAST"},
                       .normalize = normalize,
                       .infer = infer,
                       .evaluate = evaluate,
                       .lower = lower,
                       .is_identity = is_identity,
                       .channels = each_channel,
                       .under_view = view::unchanged,
                       .denormalize = denormalize};

}  // namespace smelt
