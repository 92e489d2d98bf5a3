// Slices of input 0 by the indices of input 1: GATHER along an axis, GATHER_ND by vectors of indices.
// Source: TensorFlow Lite, kernels/{gather,gather_nd}.cc and kernels/internal/reference/gather.h. What the reference refuses
// while it runs, indices out of range, is defined as in the kernel: the nearest index in range.
#include "runtime/ops/gather.hpp"

#include <algorithm>
#include <limits>

#include "ops/movement.hpp"
#include "ops/raw.hpp"

namespace smelt {
namespace {
using namespace movement;

Outcome check_indices(const Graph& graph, const Node& node) {
  if (Outcome o = check_operands(graph, node, 2, 2); !o) return o;
  const DType type = graph.at(node.in(1)).dtype;
  if (type == DType::i32 || type == DType::i64) return Done{};
  return unsupported(graph, node, std::string("indices of type ") + to_string(type), "supported: i32, i64");
}

int64_t product(Shape::const_iterator first, Shape::const_iterator last) {
  int64_t p = 1;
  for (; first != last; ++first) p *= *first;
  return p;
}

/// Number `at` among indices; those from the end are negative.
int64_t index_at(const Value& indices, int64_t at, int64_t extent) {
  int64_t i = indices.type->dtype == DType::i32 ? indices.as<int32_t>()[at] : indices.as<int64_t>()[at];
  if (i < 0) i += extent;
  return std::clamp<int64_t>(i, 0, extent - 1);
}

/// Fails for indices that cannot reach the device: those of i64 must be constant.
Outcome check_device_indices(const Lowering& l) {
  if (size_of(l.output().dtype) == 8 || (l.input(1).dtype == DType::i64 && !l.input(1).constant())) {
    return unsupported(l.graph, l.node, "values of type i64 are computed at run time",
                       "i64 is supported only where it can be computed ahead of time");
  }
  return Done{};
}

// ---- gather: params[.., axis, ..], indices: dimensions [batch_dims, axis) of the params lie in front of the indices' ----

Outcome normalize_gather(Graph& graph, Node& node) {
  if (Outcome o = check_indices(graph, node); !o) return o;
  const Result<int64_t> axis = wrap_axis(graph, node, node.attrs.i("axis"), graph.at(node.in(0)).shape.size());
  if (!axis) return axis.failure();
  int64_t batch = node.attrs.i("batch_dims");
  if (batch < 0) batch += static_cast<int64_t>(graph.at(node.in(1)).shape.size());
  node.attrs.set("axis", *axis);
  node.attrs.set("batch_dims", batch);
  return Done{};
}

struct GatherSizes {
  int64_t batches, blocks, extent, count, inner;
};

GatherSizes gather_sizes(const Graph& graph, const Node& node) {
  const Shape& params = graph.at(node.in(0)).shape;
  const Shape& indices = graph.at(node.in(1)).shape;
  const auto axis = params.begin() + node.attrs.i("axis");
  const int64_t batch = node.attrs.i("batch_dims");
  return {product(params.begin(), params.begin() + batch), product(params.begin() + batch, axis), *axis,
          product(indices.begin() + batch, indices.end()), product(axis + 1, params.end())};
}

Result<std::vector<TensorType>> infer_gather(const Graph& graph, const Node& node) {
  if (Outcome o = check_indices(graph, node); !o) return o.failure();
  const Tensor& params = graph.at(node.in(0));
  const Shape& indices = graph.at(node.in(1)).shape;
  const int64_t axis = node.attrs.i("axis"), batch = node.attrs.i("batch_dims");
  if (axis < 0 || axis >= static_cast<int64_t>(params.shape.size())) {
    return mismatch(graph, node, "axis " + std::to_string(axis) + " is outside rank " + std::to_string(params.shape.size()));
  }
  const bool fits = batch >= 0 && batch <= axis && batch <= static_cast<int64_t>(indices.size());
  if (!fits || !std::equal(indices.begin(), indices.begin() + batch, params.shape.begin())) {
    return mismatch(graph, node, std::to_string(batch) + " common dimensions of " + to_string(params.shape) + " and " + to_string(indices));
  }
  TensorType out{params.dtype, {params.shape.begin(), params.shape.begin() + axis}};
  out.shape.insert(out.shape.end(), indices.begin() + batch, indices.end());
  out.shape.insert(out.shape.end(), params.shape.begin() + axis + 1, params.shape.end());
  return std::vector<TensorType>{out};
}

void evaluate_gather(const Evaluation& e) {
  const GatherSizes s = gather_sizes(e.graph, e.node);
  const int64_t slice = s.inner * size_of(e.out[0]->type->dtype);
  for (int64_t b = 0; b < s.batches; ++b) {
    for (int64_t k = 0; k < s.blocks; ++k) {
      for (int64_t i = 0; i < s.count; ++i) {
        const int64_t block = b * s.blocks + k;
        const int64_t from = block * s.extent + index_at(*e.in[1], b * s.count + i, s.extent);
        const auto* first = e.in[0]->bytes.data() + from * slice;
        std::copy(first, first + slice, e.out[0]->bytes.begin() + (block * s.count + i) * slice);
      }
    }
  }
}

/// The indices in range as the device's own array.
int32_t pool_indices(Lowering& l, int64_t extent) {
  const Tensor& t = l.input(1);
  const Value content{&t, *t.data};
  std::vector<int32_t> indices;
  for (int64_t i = 0; i < elements(t.shape); ++i) indices.push_back(static_cast<int32_t>(index_at(content, i, extent)));
  return static_cast<int32_t>(l.pool.add(l.name("indices"), indices));
}

/// Constant indices in a few runs are copies, which go row by row; empty where there are too many.
std::vector<BlockCopy> copies_of(const Lowering& l, const GatherSizes& s) {
  constexpr size_t most_runs = 16;
  const Tensor& t = l.input(1);
  if (!t.constant() || s.batches != 1) return {};
  const Value content{&t, *t.data};
  std::vector<BlockCopy> copies;
  for (int64_t i = 0; i < s.count;) {
    const int64_t first = index_at(content, i, s.extent);
    int64_t run = 1;
    while (i + run < s.count && index_at(content, i + run, s.extent) == first + run) ++run;
    copies.push_back({0, 0, {s.blocks, run, s.inner}, {s.extent * s.inner, s.inner, 1}, {s.count * s.inner, s.inner, 1},
                      first * s.inner, i * s.inner});
    if (copies.size() > most_runs) return {};
    i += run;
  }
  return copies;
}

Outcome lower_gather(Lowering& l) {
  if (Outcome o = check_device_indices(l); !o) return o;
  const GatherSizes s = gather_sizes(l.graph, l.node);
  if (const std::vector<BlockCopy> copies = copies_of(l, s); !copies.empty()) return lower_copies(l, copies, std::nullopt, 1);
  const bool constant = l.input(1).constant();
  Gather p{};
  p.batches = static_cast<int32_t>(s.batches);
  p.blocks = static_cast<int32_t>(s.blocks);
  p.extent = static_cast<int32_t>(s.extent);
  p.count = static_cast<int32_t>(s.count);
  p.slice = static_cast<int32_t>(s.inner * size_of(l.output().dtype));
  p.indices = constant ? pool_indices(l, s.extent) : -1;
  l.kernel("ops/gather.hpp", SMELT_KERNEL(gather));
  l.params("smelt::Gather", p, "batches blocks extent count slice indices");
  l.whole(constant ? 1 : 2);
  return Done{};
}

Outcome denormalize_gather(Graph&, Node& node) {
  raw::name(node, "GATHER", "GatherOptions");
  return Done{};
}

// ---- gather_nd: indices[.., k] name elements of the first k dimensions ----

Outcome normalize_nd(Graph& graph, Node& node) { return check_indices(graph, node); }

Result<std::vector<TensorType>> infer_nd(const Graph& graph, const Node& node) {
  if (Outcome o = check_indices(graph, node); !o) return o.failure();
  const Tensor& params = graph.at(node.in(0));
  const Shape& indices = graph.at(node.in(1)).shape;
  if (indices.empty() || indices.back() > static_cast<int32_t>(params.shape.size())) {
    return mismatch(graph, node, "indices of shape " + to_string(indices) + " into " + to_string(params.shape));
  }
  TensorType out{params.dtype, {indices.begin(), indices.end() - 1}};
  out.shape.insert(out.shape.end(), params.shape.begin() + indices.back(), params.shape.end());
  return std::vector<TensorType>{out};
}

/// Which slice the i-th index names.
int64_t slice_named(const Value& indices, int64_t i, const Shape& params) {
  const int64_t depth = indices.type->shape.back();
  int64_t at = 0;
  for (int64_t d = 0; d < depth; ++d) {
    const int64_t extent = params[static_cast<size_t>(d)];
    at = at * extent + index_at(indices, i * depth + d, extent);
  }
  return at;
}

struct NdSizes {
  int64_t count, depth, slices, slice;  ///< slice: bytes
};

NdSizes nd_sizes(const Graph& graph, const Node& node) {
  const Tensor& params = graph.at(node.in(0));
  const Shape& indices = graph.at(node.in(1)).shape;
  const auto inside = params.shape.begin() + indices.back();
  return {product(indices.begin(), indices.end() - 1), indices.back(), product(params.shape.begin(), inside),
          product(inside, params.shape.end()) * size_of(params.dtype)};
}

void evaluate_nd(const Evaluation& e) {
  const NdSizes s = nd_sizes(e.graph, e.node);
  for (int64_t i = 0; i < s.count; ++i) {
    const auto* first = e.in[0]->bytes.data() + slice_named(*e.in[1], i, e.in[0]->type->shape) * s.slice;
    std::copy(first, first + s.slice, e.out[0]->bytes.begin() + i * s.slice);
  }
}

Outcome lower_nd(Lowering& l) {
  if (Outcome o = check_device_indices(l); !o) return o;
  const NdSizes s = nd_sizes(l.graph, l.node);
  const Tensor& t = l.input(1);
  if (t.constant()) {
    const Value content{&t, *t.data};
    std::vector<int32_t> slices;
    for (int64_t i = 0; i < s.count; ++i) slices.push_back(static_cast<int32_t>(slice_named(content, i, l.input(0).shape)));
    Gather p{};
    p.batches = p.blocks = 1;
    p.extent = static_cast<int32_t>(s.slices);
    p.count = static_cast<int32_t>(s.count);
    p.slice = static_cast<int32_t>(s.slice);
    p.indices = static_cast<int32_t>(l.pool.add(l.name("indices"), slices));
    l.kernel("ops/gather.hpp", SMELT_KERNEL(gather));
    l.params("smelt::Gather", p, "batches blocks extent count slice indices");
    l.whole(1);
    return Done{};
  }
  const Shape& params = l.input(0).shape;
  const std::vector<int32_t> extents(params.begin(), params.begin() + s.depth);
  GatherNd p{};
  p.count = static_cast<int32_t>(s.count);
  p.depth = static_cast<int32_t>(s.depth);
  p.extents = static_cast<int32_t>(l.pool.add(l.name("extents"), extents));
  p.slice = static_cast<int32_t>(s.slice);
  l.kernel("ops/gather.hpp", SMELT_KERNEL(gather_nd));
  l.params("smelt::GatherNd", p, "count depth extents slice");
  l.whole(2);
  return Done{};
}

Outcome denormalize_nd(Graph&, Node& node) {
  raw::name(node, "GATHER_ND", "GatherNdOptions");
  return Done{};
}

}  // namespace

extern const OpDef op_gather;
const OpDef op_gather = {.name = "gather",
                         .tflite = {"GATHER"},
                         .normalize = normalize_gather,
                         .infer = infer_gather,
                         .evaluate = evaluate_gather,
                         .lower = lower_gather,
                         .denormalize = denormalize_gather};

extern const OpDef op_gather_nd;
const OpDef op_gather_nd = {.name = "gather_nd",
                            .tflite = {"GATHER_ND"},
                            .normalize = normalize_nd,
                            .infer = infer_nd,
                            .evaluate = evaluate_nd,
                            .lower = lower_nd,
                            .denormalize = denormalize_nd};

}  // namespace smelt
