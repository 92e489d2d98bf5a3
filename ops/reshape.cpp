// The same elements under another shape. The shape is the output tensor's own, which files always declare.
// Source: TensorFlow Lite, kernels/reshape.cc, kernels/squeeze.cc, kernels/expand_dims.cc.
#include "ops/movement.hpp"
#include "ops/view.hpp"
#include "ops/raw.hpp"

namespace smelt {
namespace {
using namespace movement;

Outcome expect_shape(const Graph& graph, const Node& node, const Shape& shape) {
  const Shape& declared = graph.at(node.out()).shape;
  if (declared == shape) return Done{};
  return mismatch(graph, node, "the result is declared " + to_string(declared) + ", it would be " + to_string(shape),
                  "the file contradicts itself; export the model again");
}

Outcome normalize_squeeze(Graph& graph, Node& node) {
  const Shape& in = graph.at(node.in(0)).shape;
  std::vector<bool> drop(in.size(), false);
  const Ints axes = node.attrs.ints("squeeze_dims");
  for (int64_t a : axes) {
    const Result<int64_t> axis = wrap_axis(graph, node, a, in.size());
    if (!axis) return axis.failure();
    const auto d = static_cast<size_t>(*axis);
    if (in[d] != 1) {
      return mismatch(graph, node,
                      "dimension " + std::to_string(d) + " of " + to_string(in) + " is not 1 and cannot go");
    }
    drop[d] = true;
  }
  Shape shape;
  for (size_t d = 0; d < in.size(); ++d) {
    if (axes.empty() ? in[d] != 1 : !drop[d]) shape.push_back(in[d]);
  }
  node.attrs.erase("squeeze_dims");
  return expect_shape(graph, node, shape);
}

Outcome normalize_expand_dims(Graph& graph, Node& node) {
  const Result<int64_t> value = constant_int(graph, node, 1, "axis");
  if (!value) return value.failure();
  Shape shape = graph.at(node.in(0)).shape;
  const Result<int64_t> axis = wrap_axis(graph, node, *value, shape.size() + 1);
  if (!axis) return axis.failure();
  shape.insert(shape.begin() + static_cast<std::ptrdiff_t>(*axis), 1);
  node.inputs.resize(1);
  return expect_shape(graph, node, shape);
}

Outcome normalize(Graph& graph, Node& node) {
  const std::string builtin = node.attrs.s("tflite_op");
  const bool expand = builtin == "EXPAND_DIMS";
  const bool squeeze = builtin == "SQUEEZE";
  if (!expand && !squeeze) {  // the shape operand says nothing that the output's shape does not
    if (node.inputs.size() == 2) node.inputs.resize(1);
    node.attrs.erase("new_shape");
  }
  const size_t inputs = expand ? 2 : 1;
  if (Outcome o = check_operands(graph, node, inputs, inputs); !o) return o;
  if (squeeze) return normalize_squeeze(graph, node);
  return expand ? normalize_expand_dims(graph, node) : Done{};
}

Result<std::vector<TensorType>> infer(const Graph& graph, const Node& node) {
  if (Outcome o = check_types(graph, node, 1, 1); !o) return o.failure();
  const Tensor& in = graph.at(node.in(0));
  const Tensor& out = graph.at(node.out());
  if (elements(in.shape) != elements(out.shape)) {
    return mismatch(graph, node,
                    to_string(in.shape) + " and " + to_string(out.shape) + " do not have the same number of elements",
                    "export the model with fixed shapes");
  }
  return std::vector<TensorType>{{in.dtype, out.shape}};
}

void evaluate(const Evaluation& e) { e.out[0]->bytes = e.in[0]->bytes; }

/// Only for a reshape that could not be left out, between a model's input and its output.
Outcome lower(Lowering& l) {
  const int64_t all = elements(l.output().shape);
  const int64_t row = row_elements(l.output().shape);
  BlockCopy c;
  const bool same_rows = row == row_elements(l.input(0).shape);
  c.extents = same_rows ? Ints{all / row, row} : Ints{all};
  c.from = c.to = same_rows ? Ints{row, 1} : Ints{1};
  if (same_rows) l.in_place(0);
  return lower_copies(l, {c});
}

bool is_identity(const Graph& graph, const Node& node) {
  const Tensor& in = graph.at(node.in(0));
  const Tensor& out = graph.at(node.out());
  return in.shape == out.shape && in.quant == out.quant;
}

bool undoes(const Graph& graph, const Node& before, const Node& self) {
  if (before.op != self.op) return false;
  const Tensor& in = graph.at(before.in(0));
  const Tensor& out = graph.at(self.out());
  return in.shape == out.shape && in.quant == out.quant;
}

/// The options' shape alone is enough for the reference; other readers want the operand.
Outcome denormalize(Graph& graph, Node& node) {
  const Shape& shape = graph.at(node.out()).shape;
  const Ints sizes(shape.begin(), shape.end());
  if (!sizes.empty()) raw::put_ints(graph, node, sizes, "shape");
  node.attrs.set("new_shape", sizes);
  raw::name(node, "RESHAPE", "ReshapeOptions");
  return Done{};
}

std::optional<DimOrder> order(const Graph& graph, const Node& node) {
  return view::of_shapes(graph.at(node.in(0)).shape, graph.at(node.out()).shape);
}

}  // namespace

extern const OpDef op_reshape;
const OpDef op_reshape = {.name = "reshape",
                          .tflite = {"RESHAPE", "SQUEEZE", "EXPAND_DIMS"},
                          .normalize = normalize,
                          .infer = infer,
                          .evaluate = evaluate,
                          .lower = lower,
                          .alias = true,
                          .flattens_input = true,
                          .is_identity = is_identity,
                          .undoes = undoes,
                          .channels = each_kept_channel,
                          .view = order,
                          .denormalize = denormalize};

}  // namespace smelt
