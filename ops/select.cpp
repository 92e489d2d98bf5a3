// SELECT, SELECT_V2: input 1 where input 0 is true, input 2 elsewhere; all broadcast.
// Source: TensorFlow Lite, kernels/select.cc.
#include "runtime/ops/select.hpp"

#include <cstring>
#include <vector>

#include "ops/broadcast.hpp"
#include "ops/elementwise.hpp"
#include "ops/movement.hpp"
#include "ops/raw.hpp"
#include "ops/view.hpp"

namespace smelt {
namespace {

/// SELECT's condition counts dimensions from the first: one that has a single dimension becomes a column of blocks.
Outcome normalize(Graph& graph, Node& node) {
  if (Outcome o = elementwise::check_operands(graph, node, 3); !o) return o;
  if (node.attrs.s("tflite_op") != "SELECT") return Done{};
  const Shape& condition = graph.at(node.in(0)).shape;
  const Shape& shape = graph.at(node.in(1)).shape;
  if (condition.size() != 1 || shape.size() <= 1) return Done{};
  return movement::unsupported(graph, node, "a condition of one dimension, " + to_string(condition) + ", that chooses among blocks",
                               "use SELECT_V2, with the condition reshaped to as many dimensions as the operands have");
}

Result<std::vector<TensorType>> infer(const Graph& graph, const Node& node) {
  if (Outcome o = elementwise::check_operands(graph, node, 3); !o) return o.failure();
  const Tensor& condition = graph.at(node.in(0));
  const Tensor& a = graph.at(node.in(1));
  const Tensor& b = graph.at(node.in(2));
  if (condition.dtype != DType::boolean) return elementwise::unsupported_type(graph, node, condition.dtype, "a condition of bool");
  if (a.dtype != b.dtype) {
    return fail(graph, node, "E0302", std::string("the inputs are of types ") + to_string(a.dtype) + " and " + to_string(b.dtype));
  }
  const Quantization& out = graph.at(node.out()).quant;
  for (const Tensor* t : {&a, &b}) {
    if (t->quant.scale != out.scale || t->quant.zero_point != out.zero_point) {
      return fail(graph, node, "E0304", "\"" + t->name + "\" and the output are quantized differently",
                  "the operator does not rescale; quantize the model again with equal scales here");
    }
  }
  const auto fits = [&](const Shape& s) { return elements(s) * size_of(a.dtype) <= max_tensor_bytes; };
  std::optional<Shape> shape = broadcast(a.shape, b.shape);
  if (shape && fits(*shape)) shape = broadcast(*shape, condition.shape);
  if (!shape) {
    return fail(graph, node, "E0302", "shapes " + to_string(condition.shape) + ", " + to_string(a.shape) + " and " +
                                          to_string(b.shape) + " do not broadcast to one another");
  }
  if (!fits(*shape)) return fail(graph, node, "E0302", "the output is too large");
  return std::vector<TensorType>{{a.dtype, *shape}};
}

void evaluate(const Evaluation& e) {
  const Shape& out = e.out[0]->type->shape;
  const auto size = static_cast<size_t>(size_of(e.out[0]->type->dtype));
  for (int64_t i = 0; i < elements(out); ++i) {
    const bool yes = e.in[0]->bytes[static_cast<size_t>(broadcast_index(i, out, e.in[0]->type->shape))] != 0;
    const Value& from = *e.in[yes ? 1 : 2];
    std::memcpy(&e.out[0]->bytes[static_cast<size_t>(i) * size],
                &from.bytes[static_cast<size_t>(broadcast_index(i, out, from.type->shape)) * size], size);
  }
}

Outcome lower(Lowering& l) {
  const int32_t size = size_of(l.output().dtype);
  if (size == 1) l.kernel("ops/select.hpp", SMELT_KERNEL(select_8));
  if (size == 2) l.kernel("ops/select.hpp", SMELT_KERNEL(select_16));
  if (size == 4) l.kernel("ops/select.hpp", SMELT_KERNEL(select_32));
  if (size == 8) l.kernel("ops/select.hpp", SMELT_KERNEL(select_64));
  const Shape& shape = l.output().shape;
  BroadcastLoops loops = loops_of_broadcast({{l.input(0).shape, 1}, {l.input(1).shape, size}, {l.input(2).shape, size}}, shape);
  std::vector<int32_t> table;
  for (const BroadcastLoops::Loop& loop : loops.loops) {
    table.push_back(loop.extent);
    for (const BroadcastMove& m : loop.moves) table.insert(table.end(), {m.rows, m.bytes});
  }
  if (table.empty()) table.push_back(0);  // an array of none is no C++
  const Select p{loops.segments, loops.inner, loops.steps[0], loops.steps[1], loops.steps[2],
                 static_cast<int32_t>(loops.loops.size()), static_cast<int32_t>(l.pool.add(l.name("walk"), table))};
  l.params("smelt::Select", p, "segments inner step_condition step_then step_otherwise dims table");
  std::vector<RowRange> made;
  for (int32_t r = 0; r < row_count(shape); ++r) made.push_back({r, r + 1});
  l.steps(row_count(shape), std::move(loops.needs), {std::move(made)});
  for (int i : {1, 2}) {
    const Tensor& t = l.input(static_cast<size_t>(i));
    if (!t.constant() && t.shape == shape) l.in_place(i);
  }
  return Done{};
}

Outcome denormalize(Graph&, Node& node) {
  raw::name(node, "SELECT_V2", "SelectV2Options");
  return Done{};
}

}  // namespace

extern const OpDef op_select;
const OpDef op_select = {.name = "select",
                         .tflite = {"SELECT_V2", "SELECT"},
                         .normalize = normalize,
                         .infer = infer,
                         .evaluate = evaluate,
                         .lower = lower,
                         .channels = each_channel,
                         .under_view = view::unchanged,
                         .denormalize = denormalize};

}  // namespace smelt
