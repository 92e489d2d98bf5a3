// The dimensions of its input as numbers: known ahead of time, so that folding removes it.
// Source: TensorFlow Lite, kernels/shape.cc.
#include <cstring>

#include "ops/movement.hpp"
#include "ops/raw.hpp"

namespace smelt {
namespace {
using namespace movement;

Outcome normalize(Graph& graph, Node& node) {
  if (Outcome o = check_operands(graph, node, 1, 1); !o) return o;
  std::string type = node.attrs.s("out_type");
  if (type.empty()) type = to_string(graph.at(node.out()).dtype);
  if (type == "INT32") type = "i32";
  if (type == "INT64") type = "i64";
  if (type != "i32" && type != "i64") return fail(graph, node, "E0301", "a shape of type " + type);
  node.attrs.set("out_type", type);
  return Done{};
}

Result<std::vector<TensorType>> infer(const Graph& graph, const Node& node) {
  if (Outcome o = check_types(graph, node, 1, 1); !o) return o.failure();
  const std::string type = node.attrs.s("out_type");
  if (type != "i32" && type != "i64") return fail(graph, node, "E0301", "a shape of type " + type);
  const size_t rank = graph.at(node.in(0)).shape.size();
  if (rank == 0) return mismatch(graph, node, "a scalar has no dimensions, its shape would be empty");
  return std::vector<TensorType>{{*parse_dtype(type), {static_cast<int32_t>(rank)}}};
}

void evaluate(const Evaluation& e) {
  Value& out = *e.out[0];
  const auto size = static_cast<size_t>(size_of(out.type->dtype));
  size_t at = 0;
  for (const int64_t d : e.in[0]->type->shape) {  // little-endian: the low half of an i64 is the i32
    std::memcpy(&out.bytes.at(at), &d, size);
    at += size;
  }
}

/// Only for a shape that is itself a model's output: any other is folded.
Outcome lower(Lowering& l) { return lower_constant(l, l.input(0).shape); }

Outcome denormalize(Graph& /*graph*/, Node& node) {
  node.attrs.set("out_type", std::string(node.attrs.s("out_type") == "i64" ? "INT64" : "INT32"));
  raw::name(node, "SHAPE", "ShapeOptions");
  return Done{};
}

}  // namespace

extern const OpDef op_shape;
const OpDef op_shape = {.name = "shape",
                        .tflite = {"SHAPE"},
                        .normalize = normalize,
                        .infer = infer,
                        .evaluate = evaluate,
                        .lower = lower,
                        .static_result = true,
                        .denormalize = denormalize};

}  // namespace smelt
