// Equal tensors stacked along a new dimension `axis`.
// Source: TensorFlow Lite, kernels/pack.cc.
#include "ops/movement.hpp"
#include "ops/raw.hpp"

namespace smelt {
namespace {
using namespace movement;

constexpr size_t most_inputs = 4096;

Outcome normalize(Graph& graph, Node& node) {
  if (Outcome o = check_operands(graph, node, 1, most_inputs); !o) return o;
  const int64_t count = node.attrs.i("values_count", static_cast<int64_t>(node.inputs.size()));
  if (count != static_cast<int64_t>(node.inputs.size())) {
    return mismatch(graph, node,
                    std::to_string(count) + " values announced, " + std::to_string(node.inputs.size()) + " given");
  }
  const Result<int64_t> axis = wrap_axis(graph, node, node.attrs.i("axis"), graph.at(node.in(0)).shape.size() + 1);
  if (!axis) return axis.failure();
  node.attrs.erase("values_count");
  node.attrs.set("axis", *axis);
  return Done{};
}

Result<std::vector<TensorType>> infer(const Graph& graph, const Node& node) {
  if (Outcome o = check_types(graph, node, 1, most_inputs); !o) return o.failure();
  const Tensor& first = graph.at(node.in(0));
  const int64_t axis = node.attrs.i("axis", -1);
  if (axis < 0 || axis > static_cast<int64_t>(first.shape.size()) || first.shape.size() >= max_rank) {
    return mismatch(graph, node, "no dimension " + std::to_string(axis) + " can be added to " + to_string(first.shape));
  }
  for (TensorId id : node.inputs) {
    if (graph.at(id).shape != first.shape) {
      return mismatch(graph, node,
                      "inputs of shapes " + to_string(first.shape) + " and " + to_string(graph.at(id).shape));
    }
  }
  if (Outcome o = check_equal_quantization(graph, node); !o) return o.failure();
  TensorType out{first.dtype, first.shape};
  out.shape.insert(out.shape.begin() + static_cast<std::ptrdiff_t>(axis), static_cast<int32_t>(node.inputs.size()));
  return std::vector<TensorType>{out};
}

void evaluate(const Evaluation& e) {
  const auto axis = static_cast<std::ptrdiff_t>(e.node.attrs.i("axis"));
  for (size_t i = 0; i < e.in.size(); ++i) {
    for_each_index(e.in[i]->type->shape, [&](const Ints& from) {
      Ints to = from;
      to.insert(to.begin() + axis, static_cast<int64_t>(i));
      copy_element(*e.in[i], from, *e.out[0], to);
    });
  }
}

Outcome lower(Lowering& l) {
  const auto axis = static_cast<std::ptrdiff_t>(l.node.attrs.i("axis"));
  std::vector<BlockCopy> copies;
  for (size_t i = 0; i < l.node.inputs.size(); ++i) {
    const Shape& shape = l.input(i).shape;
    BlockCopy c;
    c.input = static_cast<int>(i);
    c.extents.assign(shape.begin(), shape.end());
    c.from = strides_of(shape);
    c.to = strides_of(l.output().shape);
    c.to_offset = static_cast<int64_t>(i) * c.to[static_cast<size_t>(axis)];
    c.to.erase(c.to.begin() + axis);
    copies.push_back(c);
  }
  return lower_copies(l, copies);
}

Outcome denormalize(Graph& /*graph*/, Node& node) {
  node.attrs.set("values_count", static_cast<int64_t>(node.inputs.size()));
  raw::name(node, "PACK", "PackOptions");
  return Done{};
}

}  // namespace

extern const OpDef op_pack;
const OpDef op_pack = {.name = "pack",
                       .tflite = {"PACK"},
                       .normalize = normalize,
                       .infer = infer,
                       .evaluate = evaluate,
                       .lower = lower,
                       .denormalize = denormalize};

}  // namespace smelt
