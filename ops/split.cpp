// The reverse of concatenation: `sizes` along `axis`, one for each output.
// Source: TensorFlow Lite, kernels/split.cc, kernels/split_v.cc.
#include "ops/movement.hpp"
#include "ops/view.hpp"
#include "ops/raw.hpp"

namespace smelt {
namespace {
using namespace movement;

/// Equal parts, or those listed, of which one may be -1: the rest.
Result<Ints> sizes_of(const Graph& graph, const Node& node, int64_t extent, bool listed) {
  const auto count = static_cast<int64_t>(node.outputs.size());
  if (!listed) {
    if (extent % count != 0) {
      return mismatch(graph, node,
                      "a dimension of " + std::to_string(extent) + " has no " + std::to_string(count) + " equal parts");
    }
    return Ints(node.outputs.size(), extent / count);
  }
  Result<Ints> sizes = constant_ints(graph, node, 1, "sizes");
  if (!sizes) return sizes.failure();
  int64_t rest = extent;
  int64_t* open = nullptr;
  for (int64_t& s : *sizes) {
    if (s == -1 && open == nullptr) {
      open = &s;
    } else if (s < 1 || s > rest) {
      return mismatch(graph, node, "the sizes do not add up to the dimension of " + std::to_string(extent));
    } else {
      rest -= s;
    }
  }
  if (open != nullptr) *open = rest;
  return sizes;  // infer checks the sum
}

Outcome normalize(Graph& graph, Node& node) {
  const bool listed = node.attrs.s("tflite_op") == "SPLIT_V";
  const size_t inputs = listed ? 3 : 2;
  if (Outcome o = check_operands(graph, node, inputs, inputs, -1); !o) return o;
  const int64_t count = node.attrs.i("num_splits", static_cast<int64_t>(node.outputs.size()));
  if (count != static_cast<int64_t>(node.outputs.size())) {
    return mismatch(graph, node,
                    std::to_string(count) + " parts announced, " + std::to_string(node.outputs.size()) + " made");
  }
  const size_t value = listed ? 0 : 1;
  const TensorId in = node.in(value);
  const Shape& shape = graph.at(in).shape;
  const Result<int64_t> given = constant_int(graph, node, listed ? 2 : 0, "axis");
  if (!given) return given.failure();
  const Result<int64_t> axis = wrap_axis(graph, node, *given, shape.size());
  if (!axis) return axis.failure();
  const Result<Ints> sizes = sizes_of(graph, node, shape[static_cast<size_t>(*axis)], listed);
  if (!sizes) return sizes.failure();
  node.attrs.erase("num_splits");
  node.attrs.set("axis", *axis);
  node.attrs.set("sizes", *sizes);
  node.inputs = {in};
  return Done{};
}

Result<std::vector<TensorType>> infer(const Graph& graph, const Node& node) {
  if (Outcome o = check_types(graph, node, 1, 1, -1); !o) return o.failure();
  const Tensor& in = graph.at(node.in(0));
  const int64_t axis = node.attrs.i("axis", -1);
  const Ints sizes = node.attrs.ints("sizes");
  if (axis < 0 || axis >= static_cast<int64_t>(in.shape.size()) || sizes.size() != node.outputs.size()) {
    return mismatch(graph, node,
                    std::to_string(sizes.size()) + " sizes along axis " + std::to_string(axis) + " of " +
                        to_string(in.shape) + " for " + std::to_string(node.outputs.size()) + " outputs");
  }
  const int32_t extent = in.shape[static_cast<size_t>(axis)];
  int64_t rest = extent;
  std::vector<TensorType> types;
  for (int64_t s : sizes) {
    if (s < 1 || s > rest) break;
    rest -= s;
    types.push_back({in.dtype, in.shape});
    types.back().shape[static_cast<size_t>(axis)] = static_cast<int32_t>(s);
  }
  if (rest != 0 || types.size() != sizes.size()) {
    return mismatch(graph, node, "the sizes do not add up to the dimension of " + std::to_string(extent));
  }
  return types;
}

void evaluate(const Evaluation& e) {
  const auto a = static_cast<size_t>(e.node.attrs.i("axis"));
  int64_t base = 0;
  for (Value* out : e.out) {
    for_each_index(out->type->shape, [&](const Ints& to) {
      Ints from = to;
      from[a] += base;
      copy_element(*e.in[0], from, *out, to);
    });
    base += out->type->shape[a];
  }
}

Outcome lower(Lowering& l) {
  const auto a = static_cast<size_t>(l.node.attrs.i("axis"));
  std::vector<BlockCopy> copies;
  int64_t base = 0;
  for (size_t i = 0; i < l.node.outputs.size(); ++i) {
    const Shape& shape = l.output(i).shape;
    BlockCopy c;
    c.output = static_cast<int>(i);
    c.extents.assign(shape.begin(), shape.end());
    c.from = strides_of(l.input(0).shape);
    c.to = strides_of(shape);
    c.from_offset = base * c.from[a];
    base += shape[a];
    copies.push_back(c);
  }
  return lower_copies(l, copies);
}

bool is_identity(const Graph& graph, const Node& node) {
  return node.outputs.size() == 1 && graph.at(node.in(0)).quant == graph.at(node.out()).quant;
}

Outcome denormalize(Graph& graph, Node& node) {
  raw::put_ints(graph, node, node.attrs.ints("sizes"), "sizes");
  raw::put_scalar(graph, node, node.attrs.i("axis"), "axis");
  for (const char* ours : {"sizes", "axis"}) node.attrs.erase(ours);
  node.attrs.set("num_splits", static_cast<int64_t>(node.outputs.size()));
  raw::name(node, "SPLIT_V", "SplitVOptions");
  return Done{};
}

}  // namespace

extern const OpDef op_split;
const OpDef op_split = {.name = "split",
                        .tflite = {"SPLIT", "SPLIT_V"},
                        .normalize = normalize,
                        .infer = infer,
                        .evaluate = evaluate,
                        .lower = lower,
                        .is_identity = is_identity,
                        .under_view = view::with_axis,
                        .denormalize = denormalize};

}  // namespace smelt
