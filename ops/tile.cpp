// A tensor repeated along its dimensions: TILE, BROADCAST_TO, FILL.
// Source: TensorFlow Lite, kernels/{tile,broadcast_to,fill}.cc.
#include <algorithm>

#include "ops/broadcast.hpp"
#include "ops/movement.hpp"
#include "ops/raw.hpp"
#include "ops/view.hpp"
#include "runtime/ops/copy.hpp"

namespace smelt {
namespace {
using namespace movement;

/// Loops of one copy, of which the device has only so many.
Outcome check_loops(const Graph& graph, const Node& node, size_t loops) {
  if (loops <= static_cast<size_t>(copy_max_loops)) return Done{};
  return mismatch(graph, node, std::to_string(loops) + " dimensions, old and new, are too many",
                  "at most " + std::to_string(copy_max_loops) + " may differ from 1; repeat in two steps");
}

size_t above_1(const Shape& shape) {
  return static_cast<size_t>(std::count_if(shape.begin(), shape.end(), [](int32_t d) { return d != 1; }));
}

// ---- tile: `multiples` of each dimension ----

Outcome normalize_tile(Graph& graph, Node& node) {
  if (Outcome o = check_operands(graph, node, 2, 2); !o) return o;
  const Result<Ints> multiples = constant_ints(graph, node, 1, "multiples");
  if (!multiples) return multiples.failure();
  node.attrs.set("multiples", *multiples);
  node.inputs.resize(1);
  return Done{};
}

Result<std::vector<TensorType>> infer_tile(const Graph& graph, const Node& node) {
  if (Outcome o = check_types(graph, node, 1, 1); !o) return o.failure();
  const Tensor& in = graph.at(node.in(0));
  const Ints multiples = node.attrs.ints("multiples");
  if (multiples.size() != in.shape.size()) {
    return mismatch(graph, node, std::to_string(multiples.size()) + " multiples for shape " + to_string(in.shape));
  }
  Ints shape;
  size_t loops = above_1(in.shape);
  for (size_t d = 0; d < multiples.size(); ++d) {
    if (multiples[d] < 1 || multiples[d] > max_tensor_bytes) {
      return mismatch(graph, node, "a multiple of " + std::to_string(multiples[d]));
    }
    loops += multiples[d] != 1 ? 1 : 0;
    shape.push_back(in.shape[d] * multiples[d]);
  }
  if (Outcome o = check_loops(graph, node, loops); !o) return o.failure();
  const Result<Shape> checked = checked_shape(graph, node, shape);
  if (!checked) return checked.failure();
  return std::vector<TensorType>{{in.dtype, *checked}};
}

void evaluate_tile(const Evaluation& e) {
  const Shape& shape = e.in[0]->type->shape;
  for_each_index(e.out[0]->type->shape, [&](const Ints& to) {
    Ints from = to;
    for (size_t d = 0; d < from.size(); ++d) from[d] %= shape[d];
    copy_element(*e.in[0], from, *e.out[0], to);
  });
}

Outcome lower_tile(Lowering& l) {
  const Ints multiples = l.node.attrs.ints("multiples");
  const Shape& shape = l.input(0).shape;
  const Ints from = strides_of(shape), to = strides_of(l.output().shape);
  BlockCopy c;
  for (size_t d = 0; d < shape.size(); ++d) {
    c.extents.insert(c.extents.end(), {multiples[d], shape[d]});
    c.from.insert(c.from.end(), {0, from[d]});
    c.to.insert(c.to.end(), {to[d] * shape[d], to[d]});
  }
  return lower_copies(l, {c});
}

Outcome denormalize_tile(Graph& graph, Node& node) {
  raw::put_ints(graph, node, node.attrs.ints("multiples"), "multiples");
  node.attrs.erase("multiples");
  raw::name(node, "TILE", "TileOptions");
  return Done{};
}

bool tiles_once(const Graph& graph, const Node& node) {
  return graph.at(node.in(0)).shape == graph.at(node.out()).shape && graph.at(node.in(0)).quant == graph.at(node.out()).quant;
}

// ---- broadcast_to: `shape`, which dimensions of 1, and missing ones in front, are repeated to fill ----

Outcome normalize_broadcast(Graph& graph, Node& node) {
  if (Outcome o = check_operands(graph, node, 2, 2); !o) return o;
  const size_t dims = node.attrs.s("tflite_op") == "FILL" ? 0 : 1;
  const Result<Ints> shape = constant_ints(graph, node, dims, "shape");
  if (!shape) return shape.failure();
  node.attrs.set("shape", *shape);
  node.inputs = {node.in(1 - dims)};
  return Done{};
}

Result<std::vector<TensorType>> infer_broadcast(const Graph& graph, const Node& node) {
  if (Outcome o = check_types(graph, node, 1, 1); !o) return o.failure();
  const Tensor& in = graph.at(node.in(0));
  const Result<Shape> shape = checked_shape(graph, node, node.attrs.ints("shape"));
  if (!shape) return shape.failure();
  const std::optional<Shape> both = broadcast(in.shape, *shape);
  if (!both || *both != *shape) {
    return mismatch(graph, node, to_string(in.shape) + " does not broadcast to " + to_string(*shape));
  }
  if (Outcome o = check_loops(graph, node, above_1(*shape)); !o) return o.failure();
  return std::vector<TensorType>{{in.dtype, *shape}};
}

void evaluate_broadcast(const Evaluation& e) {
  const Shape& shape = e.in[0]->type->shape;
  for_each_index(e.out[0]->type->shape, [&](const Ints& to) {
    Ints from(to.end() - static_cast<std::ptrdiff_t>(shape.size()), to.end());
    for (size_t d = 0; d < from.size(); ++d) from[d] = shape[d] == 1 ? 0 : from[d];
    copy_element(*e.in[0], from, *e.out[0], to);
  });
}

Outcome lower_broadcast(Lowering& l) {
  const Shape& shape = l.input(0).shape;
  const Shape& out = l.output().shape;
  const Ints strides = strides_of(shape);
  BlockCopy c;
  c.extents.assign(out.begin(), out.end());
  c.from.assign(out.size(), 0);
  c.to = strides_of(out);
  const size_t missing = out.size() - shape.size();
  for (size_t d = 0; d < shape.size(); ++d) c.from[missing + d] = shape[d] == 1 ? 0 : strides[d];
  return lower_copies(l, {c});
}

Outcome denormalize_broadcast(Graph& graph, Node& node) {
  raw::put_ints(graph, node, node.attrs.ints("shape"), "shape");
  node.attrs.erase("shape");
  raw::name(node, "BROADCAST_TO", "BroadcastToOptions");
  return Done{};
}

std::optional<Attrs> tile_under_view(const Graph&, const Node& node, const DimOrder& order) {
  return view::with_lists(node, order, {{"multiples", 1}});
}

std::optional<Attrs> broadcast_under_view(const Graph&, const Node& node, const DimOrder& order) {
  return view::with_lists(node, order, {{"shape", 1}});
}

}  // namespace

extern const OpDef op_tile;
const OpDef op_tile = {.name = "tile",
                       .tflite = {"TILE"},
                       .normalize = normalize_tile,
                       .infer = infer_tile,
                       .evaluate = evaluate_tile,
                       .lower = lower_tile,
                       .is_identity = tiles_once,
                       .under_view = tile_under_view,
                       .denormalize = denormalize_tile};

extern const OpDef op_broadcast_to;
const OpDef op_broadcast_to = {.name = "broadcast_to",
                               .tflite = {"BROADCAST_TO", "FILL"},
                               .normalize = normalize_broadcast,
                               .infer = infer_broadcast,
                               .evaluate = evaluate_broadcast,
                               .lower = lower_broadcast,
                               .is_identity = tiles_once,
                               .under_view = broadcast_under_view,
                               .denormalize = denormalize_broadcast};

}  // namespace smelt
