// LOG_SOFTMAX along the last dimension.
// Source: TensorFlow Lite, kernels/activations.cc (LogSoftmaxPrepare), kernels/internal/reference/log_softmax.h, and for int8
// kernels/internal/optimized/optimized_ops.h (LogSoftmax), which serves as the reference too.
#include "runtime/ops/log_softmax.hpp"

#include <algorithm>
#include <cmath>

#include "lower/lowering.hpp"
#include "ops/checks.hpp"
#include "ops/op.hpp"
#include "ops/quantize.hpp"
#include "ops/raw.hpp"
#include "ops/view.hpp"

namespace smelt {
namespace {

Result<std::vector<TensorType>> infer(const Graph& graph, const Node& node) {
  if (Outcome o = checks::operands(graph, node, 1); !o) return o.failure();
  if (Outcome o = checks::type(graph, node, {DType::i8, DType::f32}); !o) return o.failure();
  const Tensor& in = graph.at(node.in(0));
  if (in.shape.empty()) return fail(graph, node, "E0301", "the input must have a dimension");
  if (in.dtype == DType::i8) {
    if (Outcome o = checks::output_range(graph, node); !o) return o.failure();
    if (!(in.quant.scale[0] < 1e30F)) return fail(graph, node, "E0304", "the input's scale is too large");
  }
  return std::vector<TensorType>{{in.dtype, in.shape}};
}

std::vector<float> exponentials(float scale) {
  std::vector<float> table;
  for (int32_t i = 0; i < 256; ++i) table.push_back(std::exp(-scale * static_cast<float>(i)));
  return table;
}

void evaluate_bytes(const Evaluation& e, int64_t at, int32_t depth) {
  const int8_t* x = e.in[0]->as<int8_t>() + at;
  const float scale = e.in[0]->type->quant.scale.at(0);
  const std::vector<float> table = exponentials(scale);
  const int32_t largest = *std::max_element(x, x + depth);
  float sum = 0;
  for (int32_t c = 0; c < depth; ++c) sum += table[static_cast<size_t>(largest - x[c])];
  const float reach = scale * static_cast<float>(largest) + std::log(sum);
  for (int32_t c = 0; c < depth; ++c) {
    const float y = std::rint((scale * static_cast<float>(x[c]) - reach) / (1.0F / 16)) + 127;
    e.out[0]->as<int8_t>()[at + c] = static_cast<int8_t>(std::clamp(y, -128.0F, 127.0F));
  }
}

void evaluate(const Evaluation& e) {
  const Shape& shape = e.in[0]->type->shape;
  const int32_t depth = shape.back();
  for (int64_t at = 0; at < elements(shape); at += depth) {
    if (e.in[0]->type->dtype == DType::i8) {
      evaluate_bytes(e, at, depth);
      continue;
    }
    const float* x = e.in[0]->as<float>() + at;
    const float largest = *std::max_element(x, x + depth);
    float sum = 0;
    for (int32_t c = 0; c < depth; ++c) sum += std::exp(x[c] - largest);
    for (int32_t c = 0; c < depth; ++c) e.out[0]->as<float>()[at + c] = x[c] - largest - std::log(sum);
  }
}

Outcome lower(Lowering& l) {
  const Tensor& in = l.input(0);
  LogSoftmax p{};
  p.depth = in.shape.back();
  p.groups = row_elements(in.shape) / p.depth;
  if (in.dtype == DType::i8) {
    p.table = static_cast<int32_t>(l.pool.add(l.name("exp"), exponentials(in.quant.scale[0])));
    p.scale = float_bits(in.quant.scale[0]);
    l.kernel("ops/log_softmax.hpp", SMELT_KERNEL(log_softmax_s8));
  } else {
    l.kernel("ops/log_softmax.hpp", SMELT_KERNEL(log_softmax_f32));
  }
  l.params("smelt::LogSoftmax", p, "groups depth table scale");
  l.rowwise();
  if (!in.constant()) l.in_place(0);
  return Done{};
}

Outcome denormalize(Graph&, Node& node) {
  raw::name(node, "LOG_SOFTMAX", "LogSoftmaxOptions");
  return Done{};
}

}  // namespace

extern const OpDef op_log_softmax;
const OpDef op_log_softmax = {.name = "log_softmax",
                              .tflite = {"LOG_SOFTMAX"},
                              .normalize = nullptr,
                              .infer = infer,
                              .evaluate = evaluate,
                              .lower = lower,
                              .under_view = view::keeping_last,
                              .output_range = RealRange{-16, 0},
                              .denormalize = denormalize};

}  // namespace smelt
