// A box out of a tensor: `size` elements from `begin` on, for each dimension.
// Source: TensorFlow Lite, kernels/slice.cc.
#include "ops/movement.hpp"
#include "ops/view.hpp"
#include "ops/raw.hpp"

namespace smelt {
namespace {
using namespace movement;

Outcome normalize(Graph& graph, Node& node) {
  if (Outcome o = check_operands(graph, node, 3, 3); !o) return o;
  const Shape& in = graph.at(node.in(0)).shape;
  const Result<Ints> begin = constant_ints(graph, node, 1, "begin");
  if (!begin) return begin.failure();
  Result<Ints> size = constant_ints(graph, node, 2, "size");
  if (!size) return size.failure();
  if (begin->size() != in.size() || size->size() != in.size()) {
    return mismatch(graph, node, "begin and size must have as many numbers as " + to_string(in) + " dimensions");
  }
  for (size_t d = 0; d < in.size(); ++d) {
    if ((*size)[d] == -1 && (*begin)[d] >= 0 && (*begin)[d] <= in[d]) (*size)[d] = in[d] - (*begin)[d];
  }
  node.attrs.set("begin", *begin);
  node.attrs.set("size", *size);
  node.inputs.resize(1);
  return Done{};
}

Result<std::vector<TensorType>> infer(const Graph& graph, const Node& node) {
  if (Outcome o = check_types(graph, node, 1, 1); !o) return o.failure();
  const Tensor& in = graph.at(node.in(0));
  const Ints begin = node.attrs.ints("begin");
  const Ints size = node.attrs.ints("size");
  if (begin.size() != in.shape.size() || size.size() != in.shape.size()) {
    return mismatch(graph, node, "begin and size must have as many numbers as " + to_string(in.shape) + " dimensions");
  }
  TensorType out{in.dtype, in.shape};
  for (size_t d = 0; d < begin.size(); ++d) {
    if (begin[d] < 0 || begin[d] >= in.shape[d] || size[d] < 1 || size[d] > in.shape[d] - begin[d]) {
      return mismatch(graph, node,
                      std::to_string(size[d]) + " from " + std::to_string(begin[d]) + " on in dimension " +
                          std::to_string(d) + " of " + to_string(in.shape));
    }
    out.shape[d] = static_cast<int32_t>(size[d]);
  }
  return std::vector<TensorType>{out};
}

void evaluate(const Evaluation& e) {
  const Ints begin = e.node.attrs.ints("begin");
  for_each_index(e.out[0]->type->shape, [&](const Ints& to) {
    Ints from = to;
    for (size_t d = 0; d < from.size(); ++d) from[d] += begin[d];
    copy_element(*e.in[0], from, *e.out[0], to);
  });
}

Outcome lower(Lowering& l) {
  const Ints begin = l.node.attrs.ints("begin");
  BlockCopy c;
  c.extents = l.node.attrs.ints("size");
  c.from = strides_of(l.input(0).shape);
  c.to = strides_of(l.output().shape);
  for (size_t d = 0; d < begin.size(); ++d) c.from_offset += begin[d] * c.from[d];
  return lower_copies(l, {c});
}

bool is_identity(const Graph& graph, const Node& node) {
  return graph.at(node.in(0)).shape == graph.at(node.out()).shape &&
         graph.at(node.in(0)).quant == graph.at(node.out()).quant;
}

Outcome denormalize(Graph& graph, Node& node) {
  raw::put_ints(graph, node, node.attrs.ints("begin"), "begin");
  raw::put_ints(graph, node, node.attrs.ints("size"), "size");
  for (const char* ours : {"begin", "size"}) node.attrs.erase(ours);
  raw::name(node, "SLICE", "SliceOptions");
  return Done{};
}

std::optional<Attrs> under_view(const Graph&, const Node& node, const DimOrder& order) {
  return view::with_lists(node, order, {{"begin", 0}, {"size", 1}});
}

}  // namespace

extern const OpDef op_slice;
const OpDef op_slice = {.name = "slice",
                        .tflite = {"SLICE"},
                        .normalize = normalize,
                        .infer = infer,
                        .evaluate = evaluate,
                        .lower = lower,
                        .is_identity = is_identity,
                        .under_view = under_view,
                        .denormalize = denormalize};

}  // namespace smelt
