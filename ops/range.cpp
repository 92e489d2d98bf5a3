// RANGE: numbers from `start` in steps of `delta` up to `limit`, which is not among them. All three are constant.
// Source: TensorFlow Lite, kernels/range.cc.
#include <cmath>
#include <cstring>

#include "ops/movement.hpp"
#include "ops/quantize.hpp"
#include "ops/raw.hpp"

namespace smelt {
namespace {
using namespace movement;

double number(const Tensor& t) {
  if (t.dtype == DType::f32) return static_cast<double>(*t.as<float>());
  return static_cast<double>(t.dtype == DType::i32 ? *t.as<int32_t>() : *t.as<int64_t>());
}

Result<std::vector<TensorType>> infer(const Graph& graph, const Node& node) {
  if (Outcome o = check_types(graph, node, 3, 3); !o) return o.failure();
  const DType type = graph.at(node.in(0)).dtype;
  if (type != DType::f32 && type != DType::i32 && type != DType::i64) {
    return unsupported(graph, node, std::string("numbers of type ") + to_string(type), "supported: f32, i32, i64");
  }
  for (TensorId id : node.inputs) {
    if (graph.at(id).constant() && elements(graph.at(id).shape) == 1) continue;
    return unsupported(graph, node, "\"" + graph.at(id).name + "\" is not one constant number", "export the model with fixed shapes");
  }
  const double start = number(graph.at(node.in(0))), limit = number(graph.at(node.in(1))), delta = number(graph.at(node.in(2)));
  const double count = std::ceil((limit - start) / delta);
  if (!(count >= 1 && count <= static_cast<double>(max_tensor_bytes))) {
    return mismatch(graph, node, "from " + std::to_string(start) + " to " + std::to_string(limit) + " in steps of " +
                                     std::to_string(delta) + " there is no number, or no end");
  }
  return std::vector<TensorType>{{type, {static_cast<int32_t>(count)}}};
}

/// Number `i`, as the bits of its type: integers exactly, floats by the reference's repeated addition.
template <class Visit>
void for_each_number(const Tensor& start, const Tensor& delta, int32_t count, Visit visit) {
  if (start.dtype == DType::f32) {
    float x = *start.as<float>();
    for (int32_t i = 0; i < count; ++i, x += *delta.as<float>()) visit(i, int64_t{float_bits(x)});
    return;
  }
  const bool narrow = start.dtype == DType::i32;
  const int64_t first = narrow ? *start.as<int32_t>() : *start.as<int64_t>();
  const int64_t step = narrow ? *delta.as<int32_t>() : *delta.as<int64_t>();
  for (int32_t i = 0; i < count; ++i) visit(i, static_cast<int64_t>(static_cast<uint64_t>(first) + static_cast<uint64_t>(i) * static_cast<uint64_t>(step)));
}

void evaluate(const Evaluation& e) {
  const auto size = static_cast<size_t>(size_of(e.out[0]->type->dtype));
  for_each_number(*e.in[0]->type, *e.in[2]->type, e.out[0]->type->shape[0], [&](int32_t i, int64_t bits) {
    std::memcpy(&e.out[0]->bytes[static_cast<size_t>(i) * size], &bits, size);
  });
}

/// Only for numbers that are themselves a model's output: any others are folded.
Outcome lower(Lowering& l) {
  std::vector<int32_t> values;
  for_each_number(l.input(0), l.input(2), l.output().shape[0],
                  [&](int32_t, int64_t bits) { values.push_back(static_cast<int32_t>(bits)); });
  return lower_constant(l, values);
}

Outcome denormalize(Graph&, Node& node) {
  raw::name(node, "RANGE", "RangeOptions");
  return Done{};
}

}  // namespace

extern const OpDef op_range;
const OpDef op_range = {.name = "range",
                        .tflite = {"RANGE"},
                        .normalize = nullptr,
                        .infer = infer,
                        .evaluate = evaluate,
                        .lower = lower,
                        .denormalize = denormalize};

}  // namespace smelt
