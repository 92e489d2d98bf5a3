// MEAN, SUM, REDUCE_MAX, REDUCE_MIN, REDUCE_PROD, REDUCE_ANY, REDUCE_ALL.
// Source: TensorFlow Lite, kernels/reduce.cc and kernels/internal/reference/reduce.h.
#include "ops/reduce.hpp"

#include <algorithm>
#include <limits>
#include <string>

#include "ops/checks.hpp"
#include "ops/quantize.hpp"
#include "ops/view.hpp"
#include "ops/raw.hpp"
#include "runtime/ops/pool_2d_s16.hpp"
#include "runtime/ops/reduce_integers.hpp"

namespace smelt {
namespace {

// ---- attributes: `axes`, increasing and without repetition; `keep_dims` ----

Outcome normalize_reduce(Graph& graph, Node& node) {
  if (Outcome o = checks::operands(graph, node, 2); !o) return o;
  const auto axes = checks::constant_ints(graph, node, 1, "axes");
  if (!axes) return axes.failure();
  const auto rank = static_cast<int64_t>(graph.at(node.inputs[0]).shape.size());
  std::vector<int64_t> unique;
  for (int64_t axis : *axes) {
    if (axis < -rank || axis >= rank) {
      return fail(graph, node, "E0303",
                  "axis " + std::to_string(axis) + " is not a dimension of rank " + std::to_string(rank));
    }
    unique.push_back(axis < 0 ? axis + rank : axis);
  }
  std::sort(unique.begin(), unique.end());
  unique.erase(std::unique(unique.begin(), unique.end()), unique.end());
  node.attrs.set("axes", unique);
  node.attrs.set("keep_dims", node.attrs.i("keep_dims") != 0 ? int64_t{1} : int64_t{0});
  node.inputs.resize(1);
  return Done{};
}

std::vector<bool> reduced_dims(const Shape& shape, const Node& node) {
  std::vector<bool> reduced(shape.size(), false);
  for (int64_t axis : node.attrs.ints("axes")) reduced.at(static_cast<size_t>(axis)) = true;
  return reduced;
}

bool is_mean(const Node& node) { return node.op == "mean"; }
bool is_integer(DType type) { return type == DType::i32 || type == DType::i64; }

Outcome check_type(const Graph& graph, const Node& node) {
  const DType type = graph.at(node.inputs[0]).dtype;
  if (node.op == "reduce_any" || node.op == "reduce_all") return checks::dtype(graph, node, {DType::boolean});
  if (is_integer(type) && !is_mean(node)) return Done{};
  if (node.op == "reduce_prod") return checks::dtype(graph, node, {DType::f32});
  // The reference's sum of int16 adds up in 16 bits, which is of no use.
  if (is_mean(node) || node.op == "reduce_max") return checks::type(graph, node, {DType::i8, DType::i16, DType::f32});
  return checks::type(graph, node, {DType::i8, DType::f32});
}

Result<std::vector<TensorType>> infer_reduce(const Graph& graph, const Node& node) {
  if (Outcome o = checks::operands(graph, node, 1); !o) return o.failure();
  if (Outcome o = check_type(graph, node); !o) return o.failure();
  const Tensor& in = graph.at(node.inputs[0]);
  for (int64_t axis : node.attrs.ints("axes")) {
    if (axis < 0 || axis >= static_cast<int64_t>(in.shape.size())) {
      return fail(graph, node, "E0303",
                  "axis " + std::to_string(axis) + " is not a dimension of " + to_string(in.shape));
    }
  }
  const std::vector<bool> reduced = reduced_dims(in.shape, node);
  if (!reducible(in.shape, reduced)) {
    return fail(graph, node, "E0301", "this combination of axes of " + to_string(in.shape) + " is not supported",
                "reduce one axis after the other");
  }
  const int32_t values = in.dtype == DType::i16 ? 65536 : 256;
  if (in.dtype != DType::f32 && reduced_count(in.shape, reduced) > std::numeric_limits<int32_t>::max() / values) {
    return fail(graph, node, "E0301", "sums of so many elements overflow 32 bits");
  }
  Shape shape;
  for (size_t i = 0; i < in.shape.size(); ++i) {
    if (!reduced[i])
      shape.push_back(in.shape[i]);
    else if (node.attrs.i("keep_dims") != 0)
      shape.push_back(1);
  }
  return std::vector<TensorType>{{in.dtype, shape}};
}

Result<std::vector<TensorType>> infer_max(const Graph& graph, const Node& node) {
  auto types = infer_reduce(graph, node);
  if (!types) return types;
  if (Outcome o = checks::same_quantization(graph, node); !o) return o.failure();
  return types;
}

// ---- oracle ----

/// For each element of the input, calls add(position in the input, position in the output).
template <class Add>
void for_each_element(const Evaluation& e, Add add) {
  const Shape& shape = e.in[0]->type->shape;
  const std::vector<bool> reduced = reduced_dims(shape, e.node);
  std::vector<int32_t> index(shape.size(), 0);
  const int64_t n = elements(shape);
  for (int64_t from = 0; from < n; ++from) {
    int64_t to = 0;
    for (size_t d = 0; d < shape.size(); ++d) {
      if (!reduced[d]) to = to * shape[d] + index[d];
    }
    add(static_cast<size_t>(from), static_cast<size_t>(to));
    for (size_t d = shape.size(); d-- > 0;) {
      if (++index[d] < shape[d]) break;
      index[d] = 0;
    }
  }
}

/// Elements joined one after the other, from `initial` on.
template <class T, class Step>
void evaluate_joined(const Evaluation& e, T initial, Step step) {
  T* y = e.out[0]->as<T>();
  std::fill(y, y + elements(e.out[0]->type->shape), initial);
  for_each_element(e, [&](size_t from, size_t to) { y[to] = static_cast<T>(step(y[to], e.in[0]->as<T>()[from])); });
}

/// The same for the type that the input has, which every step of `step` is a function of; T{} stands for the type.
template <class Initial, class Step>
void evaluate_any_type(const Evaluation& e, Initial initial, Step step) {
  switch (e.in[0]->type->dtype) {
    case DType::f32:
      return evaluate_joined<float>(e, initial(float{}), step);
    case DType::i32:
      return evaluate_joined<int32_t>(e, initial(int32_t{}), step);
    case DType::i64:
      return evaluate_joined<int64_t>(e, initial(int64_t{}), step);
    case DType::i16:
      return evaluate_joined<int16_t>(e, initial(int16_t{}), step);
    case DType::boolean:
      return evaluate_joined<uint8_t>(e, initial(uint8_t{}), step);
    default:
      return evaluate_joined<int8_t>(e, initial(int8_t{}), step);
  }
}

/// Integers wrap around.
template <class T>
T wrapping_sum(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) return a + b;
  else return static_cast<T>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
}
template <class T>
T wrapping_product(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) return a * b;
  else return static_cast<T>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b));
}

void evaluate_sum(const Evaluation& e) {
  const Tensor& in = *e.in[0]->type;
  const Tensor& out = *e.out[0]->type;
  const auto results = static_cast<size_t>(elements(out.shape));
  const int64_t count = reduced_count(in.shape, reduced_dims(in.shape, e.node));
  if (is_integer(in.dtype)) {
    return evaluate_any_type(e, [](auto t) { return t; }, [](auto a, auto b) { return wrapping_sum(a, b); });
  }
  if (in.dtype == DType::f32) {
    float* y = e.out[0]->as<float>();
    for_each_element(e, [&](size_t from, size_t to) { y[to] += e.in[0]->as<float>()[from]; });
    if (is_mean(e.node)) {
      for (size_t i = 0; i < results; ++i) y[i] /= static_cast<float>(count);
    }
    return;
  }
  // TensorFlow Lite, kernels/internal/reference/reduce.h, QuantizedMeanOrSum: a mean divides its multiplier, in
  // integers, and keeps as many of its bits as fit.
  Multiplier m = quantize_multiplier(static_cast<double>(in.quant.scale[0]) / static_cast<double>(out.quant.scale[0]));
  if (is_mean(e.node)) {
    int shift = 0;
    while ((int64_t{2} << shift) <= count) ++shift;
    shift = std::min({shift, 32, 31 + m.shift});
    m.multiplier = static_cast<int32_t>((int64_t{m.multiplier} << shift) / count);
    m.shift -= shift;
  }
  std::vector<int64_t> sums(results, 0);
  const bool int16 = in.dtype == DType::i16;
  for_each_element(e, [&](size_t from, size_t to) {
    sums[to] += int16 ? e.in[0]->as<int16_t>()[from] : e.in[0]->as<int8_t>()[from];
  });
  for (size_t i = 0; i < results; ++i) {
    const auto centred = static_cast<int32_t>(sums[i] - int64_t{in.quant.zero_point[0]} * count);
    const int64_t q = int64_t{oracle::requantize(centred, m)} + out.quant.zero_point[0];
    if (int16) {
      e.out[0]->as<int16_t>()[i] = static_cast<int16_t>(std::clamp<int64_t>(q, -32768, 32767));
    } else {
      e.out[0]->as<int8_t>()[i] = static_cast<int8_t>(std::clamp<int64_t>(q, -128, 127));
    }
  }
}

/// Where extremes start: the reference starts floats at the ends of the finite ones, which is wrong for infinities alone.
template <class T>
T greatest(T) {
  using Limits = std::numeric_limits<T>;
  return Limits::has_infinity ? Limits::infinity() : Limits::max();
}
template <class T>
T least(T) {
  using Limits = std::numeric_limits<T>;
  return Limits::has_infinity ? -Limits::infinity() : Limits::lowest();
}

void evaluate_max(const Evaluation& e) {
  evaluate_any_type(e, [](auto t) { return least(t); },
                    [](auto a, auto b) { return std::max(a, b); });
}

void evaluate_min(const Evaluation& e) {
  evaluate_any_type(e, [](auto t) { return greatest(t); },
                    [](auto a, auto b) { return std::min(a, b); });
}

void evaluate_prod(const Evaluation& e) {
  evaluate_any_type(e, [](auto t) { return static_cast<decltype(t)>(1); },
                    [](auto a, auto b) { return wrapping_product(a, b); });
}

void evaluate_any(const Evaluation& e) {
  evaluate_joined<uint8_t>(e, 0, [](uint8_t a, uint8_t b) { return a != 0 || b != 0; });
}
void evaluate_all(const Evaluation& e) {
  evaluate_joined<uint8_t>(e, 1, [](uint8_t a, uint8_t b) { return a != 0 && b != 0; });
}

// ---- lowering ----

struct IntegerKernel {
  const char* symbol;
  Kernel function;
};

/// Of integers that are no quantized numbers.
Outcome lower_integers(Lowering& l, IntegerKernel s32, IntegerKernel s64) {
  const Tensor& in = l.input(0);
  const IntegerKernel& kernel = in.dtype == DType::i64 ? s64 : s32;
  l.kernel("ops/reduce_integers.hpp", kernel.symbol, kernel.function);
  lower_reduction(l, reduced_dims(in.shape, l.node), Reduce{}, size_of(in.dtype));
  return Done{};
}

Outcome lower_sum(Lowering& l) {
  const Tensor& in = l.input(0);
  if (is_integer(in.dtype)) return lower_integers(l, {SMELT_KERNEL(reduce_sum_s32)}, {SMELT_KERNEL(reduce_sum_s64)});
  const std::vector<bool> reduced = reduced_dims(in.shape, l.node);
  const auto count = static_cast<int32_t>(reduced_count(in.shape, reduced));
  Reduce p{};
  if (in.dtype == DType::f32) {
    l.kernel("ops/reduce.hpp", SMELT_KERNEL(reduce_mean_f32));
    p.count = is_mean(l.node) ? count : 1;
    p.low = float_bits(-std::numeric_limits<float>::infinity());
    p.high = float_bits(std::numeric_limits<float>::infinity());
    lower_reduction(l, reduced, p, 4);
    return Done{};
  }
  const Quantization& from = in.quant;
  const Quantization& to = l.output().quant;
  Multiplier m = quantize_multiplier(static_cast<double>(from.scale[0]) / static_cast<double>(to.scale[0]));
  if (is_mean(l.node)) {
    const int32_t log2 = 31 - __builtin_clz(static_cast<uint32_t>(count));
    const int32_t bits = std::min(log2, 31 + m.shift);
    m = {static_cast<int32_t>((int64_t{m.multiplier} << bits) / count), m.shift - bits};
  }
  const bool int16 = in.dtype == DType::i16;
  int16 ? l.kernel("ops/pool_2d_s16.hpp", SMELT_KERNEL(reduce_sum_s16))
        : l.kernel("ops/reduce.hpp", SMELT_KERNEL(reduce_sum_s8));
  p.count = count;
  p.initial = -from.zero_point[0] * count;
  p.multiplier = m.multiplier;
  p.shift = m.shift;
  p.zero = to.zero_point[0];
  p.low = int16 ? -32768 : -128;
  p.high = int16 ? 32767 : 127;
  lower_reduction(l, reduced, p, 4);
  return Done{};
}

struct DeviceKernel {
  const char* header;
  const char* symbol;
  Kernel function;
};

/// Of what starts at one end of the values and is not scaled: the clamp [low, high], as stored values or bits.
Outcome lower_extreme(Lowering& l, DeviceKernel bytes, DeviceKernel floats, int32_t low, int32_t high) {
  const Tensor& in = l.input(0);
  const std::vector<bool> reduced = reduced_dims(in.shape, l.node);
  Reduce p{};
  p.count = static_cast<int32_t>(reduced_count(in.shape, reduced));
  const DeviceKernel& kernel = in.dtype == DType::f32 ? floats : bytes;
  l.kernel(kernel.header, kernel.symbol, kernel.function);
  p.low = low;
  p.high = high;
  lower_reduction(l, reduced, p, size_of(in.dtype));
  return Done{};
}

int32_t end_of(const Lowering& l, float real, int32_t byte) {
  return l.input(0).dtype == DType::f32 ? float_bits(real) : byte;
}
constexpr float infinite = std::numeric_limits<float>::infinity();

constexpr DeviceKernel max_s8{"ops/reduce.hpp", SMELT_KERNEL(reduce_max_s8)},
    max_s16{"ops/pool_2d_s16.hpp", SMELT_KERNEL(reduce_max_s16)},
    max_f32{"ops/reduce.hpp", SMELT_KERNEL(reduce_max_f32)};
constexpr DeviceKernel min_s8{"ops/reduce.hpp", SMELT_KERNEL(reduce_min_s8)},
    min_f32{"ops/reduce.hpp", SMELT_KERNEL(reduce_min_f32)};

Outcome lower_max(Lowering& l) {
  if (is_integer(l.input(0).dtype)) return lower_integers(l, {SMELT_KERNEL(reduce_max_s32)}, {SMELT_KERNEL(reduce_max_s64)});
  if (l.input(0).dtype == DType::i16) return lower_extreme(l, max_s16, max_f32, -32768, 32767);
  return lower_extreme(l, max_s8, max_f32, end_of(l, -infinite, -128), end_of(l, infinite, 127));
}
Outcome lower_min(Lowering& l) {
  if (is_integer(l.input(0).dtype)) return lower_integers(l, {SMELT_KERNEL(reduce_min_s32)}, {SMELT_KERNEL(reduce_min_s64)});
  return lower_extreme(l, min_s8, min_f32, end_of(l, -infinite, -128), end_of(l, infinite, 127));
}

/// Booleans are bytes of 0 and 1: any is their maximum, all their minimum.
Outcome lower_any(Lowering& l) { return lower_extreme(l, max_s8, max_f32, 0, 1); }
Outcome lower_all(Lowering& l) { return lower_extreme(l, min_s8, min_f32, 0, 1); }

Outcome lower_prod(Lowering& l) {
  if (is_integer(l.input(0).dtype)) return lower_integers(l, {SMELT_KERNEL(reduce_prod_s32)}, {SMELT_KERNEL(reduce_prod_s64)});
  constexpr DeviceKernel kernel{"ops/reduce.hpp", SMELT_KERNEL(reduce_prod_f32)};
  return lower_extreme(l, kernel, kernel, 0, 0);
}

/// The dimensions that count rows (ops/op.hpp, row_count).
size_t leading_dims(const Shape& shape) {
  if (shape.size() > 4) return shape.size() - 1;
  return shape.size() < 2 ? 0 : shape.size() / 2 + (shape.size() == 3 ? 1 : 0);
}

/// Dimensions [first, end) as [before][taps][after], `taps` the reduced ones; false where they are not neighbours.
bool split(const Shape& shape, const std::vector<bool>& reduced, size_t first, size_t end, int32_t (&parts)[3]) {
  int at = 0;
  parts[0] = parts[1] = parts[2] = 1;
  for (size_t d = first; d < end; ++d) {
    if (shape[d] == 1) continue;
    if (reduced[d] != (at == 1)) ++at;
    if (at == 3) return false;
    parts[at] *= shape[d];
  }
  return true;
}

}  // namespace

bool reducible(const Shape& shape, const std::vector<bool>& reduced) {
  int32_t parts[3];
  const size_t leading = leading_dims(shape);
  return split(shape, reduced, 0, leading, parts) && split(shape, reduced, leading, shape.size(), parts);
}

int64_t reduced_count(const Shape& shape, const std::vector<bool>& reduced) {
  int64_t count = 1;
  for (size_t d = 0; d < shape.size(); ++d) count *= reduced[d] ? shape[d] : 1;
  return count;
}

void lower_reduction(Lowering& l, const std::vector<bool>& reduced, Reduce p, int32_t accumulator) {
  const Shape& shape = l.input(0).shape;
  int32_t outer[3];
  int32_t inner[3];
  const size_t leading = leading_dims(shape);
  split(shape, reduced, 0, leading, outer);
  split(shape, reduced, leading, shape.size(), inner);
  p.rows = outer[1];
  p.inner = outer[2];
  p.blocks = inner[0];
  p.taps = inner[1];
  p.channels = inner[2];
  p.out_row = row_elements(l.output().shape);
  const int32_t rows = row_count(shape);
  const int32_t chunk = p.blocks * p.channels;
  // A step takes one row and makes output rows as soon as they are complete, unless it would make only part of one.
  const bool by_rows = chunk % p.out_row == 0;
  p.step_rows = by_rows ? 1 : rows;
  l.params("smelt::Reduce", p,
           "step_rows rows inner blocks taps channels out_row count initial multiplier shift zero low high");
  if (by_rows) {
    std::vector<RowRange> needs, makes;
    const int32_t made = chunk / p.out_row;
    int32_t next = 0;
    for (int32_t row = 0; row < rows; ++row) {
      needs.push_back({row, row + 1});
      const bool last = row / p.inner % p.rows == p.rows - 1;
      makes.push_back(last ? RowRange{next, next + made} : RowRange{});
      next += last ? made : 0;
    }
    l.steps(rows, {needs}, {makes});
  } else {
    l.whole(1);
  }
  l.scratch(p.inner * chunk * accumulator, by_rows && p.rows > 1);
}

namespace {

/// Channels that are reduced themselves are mixed.
ChannelFlow reduction_channels(const Graph& graph, const Node& node) {
  const std::vector<bool> reduced = reduced_dims(graph.at(node.in(0)).shape, node);
  return !reduced.empty() && !reduced.back() ? ChannelFlow::each : ChannelFlow::mixed;
}

std::optional<Attrs> under_view(const Graph&, const Node& node, const DimOrder& order) {
  if (node.attrs.i("keep_dims") == 0) return std::nullopt;
  std::vector<int64_t> axes;
  for (int64_t axis : node.attrs.ints("axes")) {
    if (const int at = view::place_of(order, axis); at >= 0) axes.push_back(at);  // else it is 1, and reducing it nothing
  }
  std::sort(axes.begin(), axes.end());
  Attrs attrs = node.attrs;
  attrs.set("axes", axes);
  return attrs;
}

Outcome denormalize(Graph& graph, Node& node) {
  raw::put_ints(graph, node, node.attrs.ints("axes"), "axes");
  node.attrs.erase("axes");
  raw::name(node, find_op(node.op)->tflite[0], "ReducerOptions");
  return Done{};
}

OpDef reduction(const char* name, const char* tflite, decltype(OpDef::infer) infer, decltype(OpDef::evaluate) evaluate,
                decltype(OpDef::lower) lower) {
  OpDef op{name, {tflite}, normalize_reduce, infer, evaluate, lower};
  op.channels = reduction_channels;
  op.under_view = under_view;
  op.rescales = infer != infer_max;
  op.denormalize = denormalize;
  return op;
}

}  // namespace

extern const OpDef op_mean = reduction("mean", "MEAN", infer_reduce, evaluate_sum, lower_sum);
extern const OpDef op_sum = reduction("sum", "SUM", infer_reduce, evaluate_sum, lower_sum);
extern const OpDef op_reduce_max = reduction("reduce_max", "REDUCE_MAX", infer_max, evaluate_max, lower_max);
extern const OpDef op_reduce_min = reduction("reduce_min", "REDUCE_MIN", infer_max, evaluate_min, lower_min);
extern const OpDef op_reduce_prod = reduction("reduce_prod", "REDUCE_PROD", infer_reduce, evaluate_prod, lower_prod);
extern const OpDef op_reduce_any = reduction("reduce_any", "REDUCE_ANY", infer_reduce, evaluate_any, lower_any);
extern const OpDef op_reduce_all = reduction("reduce_all", "REDUCE_ALL", infer_reduce, evaluate_all, lower_all);

}  // namespace smelt
