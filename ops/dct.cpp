// Discrete cosine transform of the second kind along the last dimension, orthonormal: y[k] = s[k] sum of x[i] cos(pi k
// (2 i + 1) / 2 n), s[0] = sqrt(1 / n), else sqrt(2 / n). What makes cepstra of logarithms of mel bands.
// Source: Ahmed, Natarajan, Rao 1974; scipy.fft.dct(x, norm="ortho").
#include "runtime/ops/dct.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "lower/lowering.hpp"
#include "ops/checks.hpp"
#include "ops/op.hpp"

namespace smelt {
namespace {

constexpr int64_t most_inputs = 4096;
constexpr double pi = 3.14159265358979323846;

Result<std::vector<TensorType>> infer(const Graph& graph, const Node& node) {
  if (Outcome o = checks::operands(graph, node, 1); !o) return o.failure();
  if (Outcome o = checks::type(graph, node, {DType::i16, DType::f32}); !o) return o.failure();
  const Tensor& in = graph.at(node.in(0));
  if (in.shape.empty() || in.shape.size() > 3 || in.shape.back() > most_inputs) {
    return fail(graph, node, "E0301", "rows of " + to_string(in.shape) + " are not supported", "give one to three dimensions, at most 4096 values a row");
  }
  const int64_t outputs = node.attrs.i("coefficients");
  if (outputs < 1 || outputs > in.shape.back()) {
    return fail(graph, node, "E0303", std::to_string(outputs) + " coefficients of " + std::to_string(in.shape.back()) + " values",
                "give 1 to as many as there are values");
  }
  if (in.dtype == DType::i16 && !(in.quant.scale[0] / graph.at(node.out()).quant.scale[0] < 4096)) {
    return fail(graph, node, "E0304", "the output's scale is too small for the input's");
  }
  Shape shape = in.shape;
  shape.back() = static_cast<int32_t>(outputs);
  return std::vector<TensorType>{{in.dtype, shape}};
}

double coefficient(int32_t k, int32_t i, int32_t n) { return std::sqrt((k == 0 ? 1.0 : 2.0) / n) * std::cos(pi * k * (2 * i + 1) / (2.0 * n)); }

/// In Q15; the only coefficient of one value is 1, which it does not hold.
int16_t q15(double x) { return static_cast<int16_t>(std::min(32767L, std::lround(x * 32768))); }

int32_t multiplier_of(const Tensor& in, const Tensor& out) {
  return static_cast<int32_t>(std::lround(std::ldexp(double{in.quant.scale.at(0)} / double{out.quant.scale.at(0)}, 15)));
}

void evaluate(const Evaluation& e) {
  const int32_t n = e.in[0]->type->shape.back(), m = e.out[0]->type->shape.back();
  for (int64_t row = 0; row < elements(e.in[0]->type->shape) / n; ++row) {
    for (int32_t k = 0; k < m; ++k) {
      if (e.in[0]->type->dtype == DType::f32) {
        double sum = 0;
        for (int32_t i = 0; i < n; ++i) sum += coefficient(k, i, n) * static_cast<double>(e.in[0]->as<float>()[row * n + i]);
        e.out[0]->as<float>()[row * m + k] = static_cast<float>(sum);
        continue;
      }
      int64_t sum = 0;
      for (int32_t i = 0; i < n; ++i) sum += int64_t{q15(coefficient(k, i, n))} * e.in[0]->as<int16_t>()[row * n + i];
      const int64_t exact = sum * multiplier_of(*e.in[0]->type, *e.out[0]->type);  // of 2^30
      const int64_t floor = exact / (int64_t{1} << 30) - (exact % (int64_t{1} << 30) < 0 ? 1 : 0);
      const int64_t rest = exact - floor * (int64_t{1} << 30);
      const int64_t y = floor + (2 * rest >= (int64_t{1} << 30) ? 1 : 0);
      e.out[0]->as<int16_t>()[row * m + k] = static_cast<int16_t>(std::clamp<int64_t>(y, -32768, 32767));
    }
  }
}

Outcome lower(Lowering& l) {
  Dct p{l.input(0).shape.back(), l.output().shape.back(), 0, 0};
  std::vector<float> floats;
  std::vector<int16_t> integers;
  for (int32_t k = 0; k < p.outputs; ++k) {
    for (int32_t i = 0; i < p.inputs; ++i) {
      floats.push_back(static_cast<float>(coefficient(k, i, p.inputs)));
      integers.push_back(q15(coefficient(k, i, p.inputs)));
    }
  }
  if (l.input(0).dtype == DType::f32) {
    p.matrix = static_cast<int32_t>(l.pool.add(l.name("matrix"), floats));
    l.kernel("ops/dct.hpp", SMELT_KERNEL(dct_f32));
  } else {
    p.matrix = static_cast<int32_t>(l.pool.add(l.name("matrix"), integers));
    p.multiplier = multiplier_of(l.input(0), l.output());
    l.kernel("ops/dct.hpp", SMELT_KERNEL(dct_s16));
  }
  l.params("smelt::Dct", p, "inputs outputs matrix multiplier");
  l.rowwise();
  return Done{};
}

}  // namespace

extern const OpDef op_dct;
const OpDef op_dct = {.name = "dct", .tflite = {}, .normalize = nullptr, .infer = infer, .evaluate = evaluate, .lower = lower, .rescales = true};

}  // namespace smelt
