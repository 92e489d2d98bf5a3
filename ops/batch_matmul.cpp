// Products of matrices in the last two dimensions; those in front broadcast. adj_x, adj_y: the operand is transposed.
// Source: TensorFlow Lite, kernels/batch_matmul.cc and kernels/internal/reference/batch_matmul.h.
#include "runtime/ops/batch_matmul.hpp"

#include <algorithm>
#include <cmath>

#include "ops/broadcast.hpp"
#include "ops/elementwise.hpp"
#include "ops/pairs.hpp"
#include "ops/quantize.hpp"
#include "ops/raw.hpp"

namespace smelt {
namespace {

struct Sizes {
  Shape batches_a, batches_b, batches;
  int32_t rows, depth, columns;
  Shape output() const {
    Shape shape = batches;
    shape.insert(shape.end(), {rows, columns});
    return shape;
  }
};

bool transposes(const Node& node, size_t operand) { return node.attrs.i(operand == 0 ? "adj_x" : "adj_y") != 0; }

Outcome normalize(Graph& graph, Node& node) {
  if (Outcome o = elementwise::check_operands(graph, node, 2); !o) return o;
  node.attrs.erase("asymmetric_quantize_inputs");
  return Done{};
}

Result<Sizes> check(const Graph& graph, const Node& node) {
  if (Outcome o = elementwise::check_operands(graph, node, 2); !o) return o.failure();
  const Tensor& a = graph.at(node.in(0));
  const Tensor& b = graph.at(node.in(1));
  if (a.dtype != b.dtype || (a.dtype != DType::f32 && a.dtype != DType::i8)) {
    return fail(graph, node, "E0301", std::string("matrices of types ") + to_string(a.dtype) + " and " + to_string(b.dtype),
                "supported: both f32, or both i8");
  }
  if (a.shape.size() < 2 || b.shape.size() < 2) {
    return fail(graph, node, "E0303", to_string(a.shape) + " and " + to_string(b.shape) + " are not both matrices");
  }
  Sizes s{{a.shape.begin(), a.shape.end() - 2}, {b.shape.begin(), b.shape.end() - 2}, {}, 0, 0, 0};
  const std::optional<Shape> batches = broadcast(s.batches_a, s.batches_b);
  s.rows = a.shape[a.shape.size() - (transposes(node, 0) ? 1 : 2)];
  s.depth = a.shape[a.shape.size() - (transposes(node, 0) ? 2 : 1)];
  s.columns = b.shape[b.shape.size() - (transposes(node, 1) ? 2 : 1)];
  if (!batches || s.depth != b.shape[b.shape.size() - (transposes(node, 1) ? 1 : 2)]) {
    return fail(graph, node, "E0303", to_string(a.shape) + " and " + to_string(b.shape) + " do not fit one another");
  }
  s.batches = *batches;
  if (elements(s.batches) > 65535) return fail(graph, node, "E0303", "more than 65535 matrices");
  if (a.dtype == DType::i8) {
    if (Outcome o = pairs::check_quantized(graph, node); !o) return o.failure();
    // 2^15 products of two numbers of up to 255 fit a sum of 32 bits.
    if (s.depth > 1 << 15) return fail(graph, node, "E0303", "sums of " + std::to_string(s.depth) + " products overflow 32 bits");
  }
  return s;
}

Result<std::vector<TensorType>> infer(const Graph& graph, const Node& node) {
  const Result<Sizes> s = check(graph, node);
  if (!s) return s.failure();
  return std::vector<TensorType>{{graph.at(node.in(0)).dtype, s->output()}};
}

/// Of sums to the output, the product of scales in float as the reference has it.
Multiplier multiplier(const Graph& graph, const Node& node) {
  const float product = graph.at(node.in(0)).quant.scale.at(0) * graph.at(node.in(1)).quant.scale.at(0);
  return quantize_multiplier(double{product} / double{graph.at(node.out()).quant.scale.at(0)});
}

/// Calls product(index of the output, index in a, index in b), for each output its `depth` products one after the other.
template <class F>
void each_product(const Node& node, const Sizes& s, F product) {
  const int64_t per_a = int64_t{s.rows} * s.depth, per_b = int64_t{s.depth} * s.columns;
  int64_t out = 0;
  for (int64_t i = 0; i < elements(s.batches); ++i) {
    const int64_t a = broadcast_index(i, s.batches, s.batches_a) * per_a;
    const int64_t b = broadcast_index(i, s.batches, s.batches_b) * per_b;
    for (int64_t m = 0; m < s.rows; ++m) {
      for (int64_t n = 0; n < s.columns; ++n, ++out) {
        for (int64_t k = 0; k < s.depth; ++k) {
          product(out, a + (transposes(node, 0) ? k * s.rows + m : m * s.depth + k),
                  b + (transposes(node, 1) ? n * s.depth + k : k * s.columns + n));
        }
      }
    }
  }
}

void evaluate(const Evaluation& e) {
  const Sizes s = *check(e.graph, e.node);
  if (e.in[0]->type->dtype == DType::f32) {
    each_product(e.node, s, [&](int64_t out, int64_t a, int64_t b) {
      e.out[0]->as<float>()[out] += e.in[0]->as<float>()[a] * e.in[1]->as<float>()[b];
    });
    return;
  }
  const auto zero = [](const Value& v) { return v.type->quant.zero_point.at(0); };
  std::vector<int32_t> sums(static_cast<size_t>(elements(s.output())));
  each_product(e.node, s, [&](int64_t out, int64_t a, int64_t b) {
    sums[static_cast<size_t>(out)] += (e.in[0]->as<int8_t>()[a] - zero(*e.in[0])) * (e.in[1]->as<int8_t>()[b] - zero(*e.in[1]));
  });
  const Multiplier m = multiplier(e.graph, e.node);
  for (size_t i = 0; i < sums.size(); ++i) {
    const int64_t y = int64_t{oracle::requantize(sums[i], m)} + zero(*e.out[0]);
    e.out[0]->as<int8_t>()[i] = static_cast<int8_t>(std::clamp<int64_t>(y, -128, 127));
  }
}

Outcome lower(Lowering& l) {
  const Sizes s = *check(l.graph, l.node);
  std::vector<int32_t> offsets;
  for (int64_t i = 0; i < elements(s.batches); ++i) {
    offsets.push_back(static_cast<int32_t>(broadcast_index(i, s.batches, s.batches_a) * s.rows * s.depth));
    offsets.push_back(static_cast<int32_t>(broadcast_index(i, s.batches, s.batches_b) * s.depth * s.columns));
  }
  BatchMatmul p{};
  p.batches = static_cast<int32_t>(elements(s.batches));
  p.rows = s.rows;
  p.columns = s.columns;
  p.depth = s.depth;
  p.batch_offsets = static_cast<int32_t>(l.pool.add(l.name("batches"), offsets));
  p.a_row = transposes(l.node, 0) ? 1 : s.depth;
  p.a_depth = transposes(l.node, 0) ? s.rows : 1;
  p.b_depth = transposes(l.node, 1) ? 1 : s.columns;
  p.b_column = transposes(l.node, 1) ? s.depth : 1;
  if (l.output().dtype == DType::i8) {
    const Multiplier m = multiplier(l.graph, l.node);
    p.zero_a = l.input(0).quant.zero_point[0];
    p.zero_b = l.input(1).quant.zero_point[0];
    p.multiplier = m.multiplier;
    p.shift = m.shift;
    p.zero = l.output().quant.zero_point[0];
    l.kernel("ops/batch_matmul.hpp", SMELT_KERNEL(batch_matmul_s8));
  } else {
    l.kernel("ops/batch_matmul.hpp", SMELT_KERNEL(batch_matmul_f32));
  }
  l.params("smelt::BatchMatmul", p,
           "batches rows columns depth batch_offsets a_row a_depth b_depth b_column zero_a zero_b multiplier shift zero");
  l.whole();
  return Done{};
}

int64_t macs(const Graph& graph, const Node& node) {
  const Sizes s = *check(graph, node);
  return elements(s.output()) * s.depth;
}

Outcome denormalize(Graph&, Node& node) {
  raw::name(node, "BATCH_MATMUL", "BatchMatMulOptions");
  return Done{};
}

}  // namespace

extern const OpDef op_batch_matmul;
const OpDef op_batch_matmul = {.name = "batch_matmul",
                               .tflite = {"BATCH_MATMUL"},
                               .normalize = normalize,
                               .infer = infer,
                               .evaluate = evaluate,
                               .lower = lower,
                               .macs = macs,
                               .rescales = true,
                               .denormalize = denormalize};

}  // namespace smelt
