// L2_NORMALIZATION along the last dimension.
// Source: TensorFlow Lite, kernels/l2norm.cc and kernels/internal/reference/{l2normalization,
// integer_ops/l2normalization}.h.
#include "runtime/ops/l2_normalization.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "lower/lowering.hpp"
#include "ops/checks.hpp"
#include "ops/inverse_sqrt.hpp"
#include "ops/op.hpp"
#include "ops/quantize.hpp"
#include "ops/raw.hpp"

namespace smelt {
namespace {

constexpr int32_t most_elements = 1 << 15;  // of int8: as many squares of up to 255 as 31 bits hold

Outcome normalize(Graph& graph, Node& node) {
  const std::string activation = node.attrs.s("fused_activation_function", "NONE");
  node.attrs.erase("fused_activation_function");
  if (activation == "NONE") return Done{};
  return fail(graph, node, "E0301", "fused activation " + activation + " is not supported", "export it as an operator of its own");
}

Result<std::vector<TensorType>> infer(const Graph& graph, const Node& node) {
  if (Outcome o = checks::operands(graph, node, 1); !o) return o.failure();
  if (Outcome o = checks::type(graph, node, {DType::i8, DType::f32}); !o) return o.failure();
  const Tensor& in = graph.at(node.in(0));
  if (in.shape.empty()) return fail(graph, node, "E0301", "the input must have a dimension");
  if (in.dtype == DType::i8) {
    if (Outcome o = checks::output_range(graph, node); !o) return o.failure();
    if (in.shape.back() > most_elements) {
      return fail(graph, node, "E0301", "more than " + std::to_string(most_elements) + " int8 elements are not supported");
    }
  }
  return std::vector<TensorType>{{in.dtype, in.shape}};
}

void evaluate(const Evaluation& e) {
  const Tensor& in = *e.in[0]->type;
  const int32_t depth = in.shape.back();
  for (int64_t at = 0; at < elements(in.shape); at += depth) {
    if (in.dtype == DType::f32) {
      const float* x = e.in[0]->as<float>() + at;
      float sum = 0;
      for (int32_t c = 0; c < depth; ++c) sum += x[c] * x[c];
      const float length = std::max(std::sqrt(sum), 1e-6F);
      for (int32_t c = 0; c < depth; ++c) e.out[0]->as<float>()[at + c] = x[c] / length;
      continue;
    }
    const int8_t* x = e.in[0]->as<int8_t>() + at;
    const int32_t zero = in.quant.zero_point.at(0);
    int64_t sum = 0;
    for (int32_t c = 0; c < depth; ++c) sum += int64_t{x[c] - zero} * (x[c] - zero);
    Multiplier m = oracle::inverse_sqrt(static_cast<int32_t>(sum));
    m.shift += 7;
    for (int32_t c = 0; c < depth; ++c) {
      e.out[0]->as<int8_t>()[at + c] = static_cast<int8_t>(std::clamp(oracle::requantize(x[c] - zero, m), -128, 127));
    }
  }
}

Outcome lower(Lowering& l) {
  const Tensor& in = l.input(0);
  const bool bytes = in.dtype == DType::i8;
  bytes ? l.kernel("ops/l2_normalization.hpp", SMELT_KERNEL(l2_normalization_s8))
        : l.kernel("ops/l2_normalization.hpp", SMELT_KERNEL(l2_normalization_f32));
  const int32_t depth = in.shape.back();
  l.params("smelt::L2Normalization",
           L2Normalization{row_elements(in.shape) / depth, depth, bytes ? in.quant.zero_point[0] : 0}, "groups depth zero");
  l.rowwise();
  if (!in.constant()) l.in_place(0);
  return Done{};
}

Outcome denormalize(Graph&, Node& node) {
  raw::put_activation(node);
  raw::name(node, "L2_NORMALIZATION", "L2NormOptions");
  return Done{};
}

}  // namespace

extern const OpDef op_l2_normalization;
const OpDef op_l2_normalization = {.name = "l2_normalization",
                                   .tflite = {"L2_NORMALIZATION"},
                                   .normalize = normalize,
                                   .infer = infer,
                                   .evaluate = evaluate,
                                   .lower = lower,
                                   .output_range = RealRange{-1, 1},
                                   .denormalize = denormalize};

}  // namespace smelt
