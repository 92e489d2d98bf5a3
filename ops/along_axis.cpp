// ARG_MAX, ARG_MIN, CUMSUM and TOPK_V2: along one axis, `axis`, of a tensor.
// Source: TensorFlow Lite, kernels/{arg_min_max,cumsum,topk_v2}.cc.
#include "runtime/ops/along_axis.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "ops/elementwise.hpp"
#include "ops/movement.hpp"
#include "ops/raw.hpp"

namespace smelt {
namespace {
using namespace movement;

struct DeviceKernel {
  const char* symbol;
  Kernel function;
};

/// A tensor as [outer][extent][inner].
struct Parts {
  int64_t outer = 1, extent = 1, inner = 1;
};
Parts parts_of(const Shape& shape, int64_t axis) {
  Parts p;
  for (size_t d = 0; d < shape.size(); ++d) {
    int64_t& part = static_cast<int64_t>(d) < axis ? p.outer : static_cast<int64_t>(d) == axis ? p.extent : p.inner;
    part *= shape[d];
  }
  return p;
}

Outcome take_axis(Graph& graph, Node& node) {
  if (Outcome o = check_operands(graph, node, 2, 2); !o) return o;
  const Result<int64_t> value = constant_int(graph, node, 1, "axis");
  if (!value) return value.failure();
  const Result<int64_t> axis = wrap_axis(graph, node, *value, graph.at(node.in(0)).shape.size());
  if (!axis) return axis.failure();
  node.attrs.set("axis", *axis);
  node.inputs.resize(1);
  return Done{};
}

Outcome check_axis(const Graph& graph, const Node& node, int outputs = 1) {
  if (Outcome o = check_operands(graph, node, 1, 1, outputs); !o) return o;
  const Tensor& in = graph.at(node.in(0));
  const int64_t axis = node.attrs.i("axis");
  if (axis < 0 || axis >= static_cast<int64_t>(in.shape.size())) {
    return mismatch(graph, node, "axis " + std::to_string(axis) + " is outside " + to_string(in.shape));
  }
  return Done{};
}

/// Calls visit(position of the first element along the axis, step to the next) for every line.
template <class Visit>
void for_each_line(const Parts& p, Visit visit) {
  for (int64_t o = 0; o < p.outer; ++o) {
    for (int64_t i = 0; i < p.inner; ++i) visit(o * p.extent * p.inner + i, p.inner);
  }
}

AlongAxis params_of(const Parts& p, int32_t options) {
  return {static_cast<int32_t>(p.outer), static_cast<int32_t>(p.extent), static_cast<int32_t>(p.inner), options};
}

void set_params(Lowering& l, const AlongAxis& p) { l.params("smelt::AlongAxis", p, "outer extent inner options"); }

// ---- arg_max, arg_min: `output_type` "i32" or "i64"; `select_last`: of equal ones the last (in no .tflite file) ----

bool is_max(const Node& node) { return node.op == "arg_max"; }

Outcome normalize_arg(Graph& graph, Node& node) {
  node.attrs.erase("output_type");
  return take_axis(graph, node);
}

Result<std::vector<TensorType>> infer_arg(const Graph& graph, const Node& node) {
  if (Outcome o = check_axis(graph, node); !o) return o.failure();
  const Tensor& in = graph.at(node.in(0));
  const DType out = graph.at(node.out()).dtype;
  if (in.dtype != DType::f32 && in.dtype != DType::i8 && in.dtype != DType::i32) {
    return elementwise::unsupported_type(graph, node, in.dtype, "f32, i8, i32");
  }
  if (out != DType::i32 && out != DType::i64) return elementwise::unsupported_type(graph, node, out, "indices of i32, i64");
  Shape shape = in.shape;
  const auto at = shape.begin() + node.attrs.i("axis");
  if (node.attrs.i("keep_dims") != 0) *at = 1;
  else shape.erase(at);
  return std::vector<TensorType>{{out, shape}};
}

template <class T>
void evaluate_arg_of(const Evaluation& e) {
  const bool last = e.node.attrs.i("select_last") != 0;
  const T* x = e.in[0]->as<T>();
  const auto size = static_cast<size_t>(size_of(e.out[0]->type->dtype));
  size_t line = 0;
  for_each_line(parts_of(e.in[0]->type->shape, e.node.attrs.i("axis")), [&](int64_t first, int64_t step) {
    const Parts p = parts_of(e.in[0]->type->shape, e.node.attrs.i("axis"));
    int64_t best = 0;
    for (int64_t k = 1; k < p.extent; ++k) {
      const T a = x[first + k * step], b = x[first + best * step];
      if ((is_max(e.node) ? a > b : a < b) || (last && a == b)) best = k;
    }
    std::memcpy(&e.out[0]->bytes[line++ * size], &best, size);
  });
}

void evaluate_arg(const Evaluation& e) {
  switch (e.in[0]->type->dtype) {
    case DType::i8:
      return evaluate_arg_of<int8_t>(e);
    case DType::i32:
      return evaluate_arg_of<int32_t>(e);
    default:
      return evaluate_arg_of<float>(e);
  }
}

DeviceKernel arg_kernel(bool max, DType in, bool wide) {
  if (in == DType::f32) {
    if (wide) return max ? DeviceKernel{SMELT_KERNEL(arg_max_f32_to_64)} : DeviceKernel{SMELT_KERNEL(arg_min_f32_to_64)};
    return max ? DeviceKernel{SMELT_KERNEL(arg_max_f32)} : DeviceKernel{SMELT_KERNEL(arg_min_f32)};
  }
  if (in == DType::i8) {
    if (wide) return max ? DeviceKernel{SMELT_KERNEL(arg_max_s8_to_64)} : DeviceKernel{SMELT_KERNEL(arg_min_s8_to_64)};
    return max ? DeviceKernel{SMELT_KERNEL(arg_max_s8)} : DeviceKernel{SMELT_KERNEL(arg_min_s8)};
  }
  if (wide) return max ? DeviceKernel{SMELT_KERNEL(arg_max_s32_to_64)} : DeviceKernel{SMELT_KERNEL(arg_min_s32_to_64)};
  return max ? DeviceKernel{SMELT_KERNEL(arg_max_s32)} : DeviceKernel{SMELT_KERNEL(arg_min_s32)};
}

/// Row by row where every row of the input makes one of the output.
Outcome lower_arg(Lowering& l) {
  const Shape& in = l.input(0).shape;
  const Shape& out = l.output().shape;
  const DeviceKernel kernel = arg_kernel(is_max(l.node), l.input(0).dtype, l.output().dtype == DType::i64);
  l.kernel("ops/along_axis.hpp", kernel.symbol, kernel.function);
  Parts p = parts_of(in, l.node.attrs.i("axis"));
  const bool rows = p.inner == 1 && row_count(in) == row_count(out);
  if (rows) p.outer /= row_count(in);
  set_params(l, params_of(p, l.node.attrs.i("select_last") != 0 ? 1 : 0));
  if (rows) l.rowwise();
  else l.whole();
  return Done{};
}

Outcome denormalize_arg(Graph& graph, Node& node) {
  if (node.attrs.i("select_last") != 0 || node.attrs.i("keep_dims") != 0) {
    return fail(graph, node, "E0310", "a .tflite file knows neither the last of equal ones nor a kept dimension here");
  }
  raw::put_scalar(graph, node, node.attrs.i("axis"), "axis");
  for (const char* ours : {"axis", "select_last", "keep_dims"}) node.attrs.erase(ours);
  node.attrs.set("output_type", std::string(graph.at(node.out()).dtype == DType::i64 ? "INT64" : "INT32"));
  raw::name(node, is_max(node) ? "ARG_MAX" : "ARG_MIN", is_max(node) ? "ArgMaxOptions" : "ArgMinOptions");
  return Done{};
}

// ---- cumsum: `exclusive`, `reverse` ----

Outcome normalize_cumsum(Graph& graph, Node& node) { return take_axis(graph, node); }

Result<std::vector<TensorType>> infer_cumsum(const Graph& graph, const Node& node) {
  if (Outcome o = check_axis(graph, node); !o) return o.failure();
  const Tensor& in = graph.at(node.in(0));
  if (in.dtype != DType::f32 && in.dtype != DType::i32 && in.dtype != DType::i64) {
    return elementwise::unsupported_type(graph, node, in.dtype, "f32, i32, i64");
  }
  return std::vector<TensorType>{{in.dtype, in.shape}};
}

/// T: what sums are computed in, which wraps around.
template <class T, class U>
void evaluate_cumsum_of(const Evaluation& e) {
  const bool exclusive = e.node.attrs.i("exclusive") != 0, reverse = e.node.attrs.i("reverse") != 0;
  const Parts p = parts_of(e.in[0]->type->shape, e.node.attrs.i("axis"));
  for_each_line(p, [&](int64_t first, int64_t step) {
    U sum{};
    for (int64_t k = 0; k < p.extent; ++k) {
      const int64_t at = first + (reverse ? p.extent - 1 - k : k) * step;
      const U before = sum;
      sum += static_cast<U>(e.in[0]->as<T>()[at]);
      e.out[0]->as<T>()[at] = static_cast<T>(exclusive ? before : sum);
    }
  });
}

void evaluate_cumsum(const Evaluation& e) {
  switch (e.in[0]->type->dtype) {
    case DType::i32:
      return evaluate_cumsum_of<int32_t, uint32_t>(e);
    case DType::i64:
      return evaluate_cumsum_of<int64_t, uint64_t>(e);
    default:
      return evaluate_cumsum_of<float, float>(e);
  }
}

Outcome lower_cumsum(Lowering& l) {
  const Tensor& in = l.input(0);
  if (in.dtype == DType::f32) l.kernel("ops/along_axis.hpp", SMELT_KERNEL(cumsum_f32));
  if (in.dtype == DType::i32) l.kernel("ops/along_axis.hpp", SMELT_KERNEL(cumsum_s32));
  if (in.dtype == DType::i64) l.kernel("ops/along_axis.hpp", SMELT_KERNEL(cumsum_s64));
  const int32_t options = (l.node.attrs.i("exclusive") != 0 ? 1 : 0) | (l.node.attrs.i("reverse") != 0 ? 2 : 0);
  set_params(l, params_of(parts_of(in.shape, l.node.attrs.i("axis")), options));
  l.whole();
  return Done{};
}

Outcome denormalize_cumsum(Graph& graph, Node& node) {
  raw::put_scalar(graph, node, node.attrs.i("axis"), "axis");
  node.attrs.erase("axis");
  raw::name(node, "CUMSUM", "CumsumOptions");
  return Done{};
}

// ---- top_k: outputs values and indices (i32), along the last dimension ----

Outcome normalize_top_k(Graph& graph, Node& node) {
  if (Outcome o = check_operands(graph, node, 2, 2, 2); !o) return o;
  const Result<int64_t> k = constant_int(graph, node, 1, "k");
  if (!k) return k.failure();
  node.attrs.set("k", *k);
  node.attrs.set("axis", static_cast<int64_t>(graph.at(node.in(0)).shape.size()) - 1);
  node.inputs.resize(1);
  return Done{};
}

Result<std::vector<TensorType>> infer_top_k(const Graph& graph, const Node& node) {
  if (Outcome o = check_axis(graph, node, 2); !o) return o.failure();
  const Tensor& in = graph.at(node.in(0));
  const int64_t k = node.attrs.i("k");
  if (in.dtype != DType::f32 && in.dtype != DType::i8 && in.dtype != DType::i32 && in.dtype != DType::i64) {
    return elementwise::unsupported_type(graph, node, in.dtype, "f32, i8, i32, i64");
  }
  if (node.attrs.i("axis") + 1 != static_cast<int64_t>(in.shape.size())) return mismatch(graph, node, "only the last axis is supported");
  if (k < 1 || k > in.shape.back()) return mismatch(graph, node, "the " + std::to_string(k) + " largest of " + to_string(in.shape));
  Shape shape = in.shape;
  shape.back() = static_cast<int32_t>(k);
  return std::vector<TensorType>{{in.dtype, shape}, {DType::i32, shape}};
}

template <class T>
void evaluate_top_k_of(const Evaluation& e) {
  const Parts p = parts_of(e.in[0]->type->shape, e.node.attrs.i("axis"));
  const int64_t k = e.node.attrs.i("k");
  for (int64_t o = 0; o < p.outer; ++o) {
    const T* x = e.in[0]->as<T>() + o * p.extent;
    std::vector<int32_t> order(static_cast<size_t>(p.extent));
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) { return x[a] > x[b]; });
    for (int64_t j = 0; j < k; ++j) {
      e.out[0]->as<T>()[o * k + j] = x[order[static_cast<size_t>(j)]];
      e.out[1]->as<int32_t>()[o * k + j] = order[static_cast<size_t>(j)];
    }
  }
}

void evaluate_top_k(const Evaluation& e) {
  switch (e.in[0]->type->dtype) {
    case DType::i8:
      return evaluate_top_k_of<int8_t>(e);
    case DType::i32:
      return evaluate_top_k_of<int32_t>(e);
    case DType::i64:
      return evaluate_top_k_of<int64_t>(e);
    default:
      return evaluate_top_k_of<float>(e);
  }
}

Outcome lower_top_k(Lowering& l) {
  const Tensor& in = l.input(0);
  if (in.dtype == DType::f32) l.kernel("ops/along_axis.hpp", SMELT_KERNEL(top_k_f32));
  if (in.dtype == DType::i8) l.kernel("ops/along_axis.hpp", SMELT_KERNEL(top_k_s8));
  if (in.dtype == DType::i32) l.kernel("ops/along_axis.hpp", SMELT_KERNEL(top_k_s32));
  if (in.dtype == DType::i64) l.kernel("ops/along_axis.hpp", SMELT_KERNEL(top_k_s64));
  Parts p = parts_of(in.shape, l.node.attrs.i("axis"));
  p.outer /= row_count(in.shape);
  set_params(l, params_of(p, static_cast<int32_t>(l.node.attrs.i("k"))));
  l.rowwise();
  return Done{};
}

Outcome denormalize_top_k(Graph& graph, Node& node) {
  raw::put_scalar(graph, node, node.attrs.i("k"), "k");
  for (const char* ours : {"k", "axis"}) node.attrs.erase(ours);
  raw::name(node, "TOPK_V2", "TopKV2Options");
  return Done{};
}

OpDef along(const char* name, const char* tflite, decltype(OpDef::normalize) normalize, decltype(OpDef::infer) infer,
            decltype(OpDef::evaluate) evaluate, decltype(OpDef::lower) lower, decltype(OpDef::denormalize) denormalize) {
  OpDef op{name, {tflite}, normalize, infer, evaluate, lower};
  op.denormalize = denormalize;
  return op;
}

}  // namespace

extern const OpDef op_arg_max =
    along("arg_max", "ARG_MAX", normalize_arg, infer_arg, evaluate_arg, lower_arg, denormalize_arg);
extern const OpDef op_arg_min =
    along("arg_min", "ARG_MIN", normalize_arg, infer_arg, evaluate_arg, lower_arg, denormalize_arg);
extern const OpDef op_cumsum =
    along("cumsum", "CUMSUM", normalize_cumsum, infer_cumsum, evaluate_cumsum, lower_cumsum, denormalize_cumsum);
extern const OpDef op_top_k =
    along("top_k", "TOPK_V2", normalize_top_k, infer_top_k, evaluate_top_k, lower_top_k, denormalize_top_k);

}  // namespace smelt
