#include "ops/activation_s16.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "ops/curves_s16.hpp"
#include "ops/elementwise.hpp"
#include "ops/quantize.hpp"
#include "runtime/ops/activation_s16.hpp"

namespace smelt::activation_s16 {
namespace {

using Function = std::function<int32_t(int32_t)>;

float scale_of(const Tensor& t) { return t.quant.scale.at(0); }

/// From here on a 16-bit value times the ratio of scales would not fit 32 bits.
constexpr float largest_ratio = 32768.0F;

bool is_clip(const Node& node) { return node.op == "relu" || node.op == "relu6" || node.op == "relu_n1_to_1"; }
bool is_curve(const Node& node) { return node.op == "logistic" || node.op == "tanh"; }

int32_t to_s16(int64_t x) { return static_cast<int32_t>(std::clamp<int64_t>(x, -32768, 32767)); }

// ---- leaky_relu ----

float alpha_of(const Node& node) { return static_cast<float>(node.attrs.f("alpha")); }

/// Of the positive half, and of the negative one's magnitude.
struct LeakyRelu {
  Multiplier positive, negative;
  bool rises;
};
LeakyRelu leaky_relu(const Node& node, const Tensor& in, const Tensor& out) {
  const float negative = scale_of(in) * alpha_of(node) / scale_of(out);
  return {quantize_multiplier(scale_of(in) / scale_of(out)), quantize_multiplier(std::abs(negative)), negative >= 0};
}

// ---- logistic, tanh: the way to the table's scale ----

struct CurveInput {
  int64_t multiplier;
  int32_t shift;
};
CurveInput curve_input(const Node& node, const Tensor& in) {
  int log2 = 0;
  const bool power = curves_s16::power_of_two(scale_of(in), log2);
  if (power && (log2 == -12 || (log2 == -11 && node.op == "tanh"))) return {log2 == -12 ? 3 : 6, 0};
  double multiplier = static_cast<double>(scale_of(in)) * 4096.0 * 3.0;
  int32_t shift = 0;
  while (multiplier <= 32767.0 / 2.0 && shift <= 30) {
    ++shift;
    multiplier *= 2.0;
  }
  return {static_cast<int64_t>(std::min(multiplier, 1e9)), shift};
}

int32_t half_of(int32_t shift) { return shift == 0 ? 0 : int32_t{1} << (shift - 1); }

/// Between two values of the table, x being in 2^bits of its steps.
int64_t interpolate(const std::vector<int32_t>& table, int64_t x, int bits) {
  const auto i = static_cast<size_t>(x >> bits);
  const int64_t rest = x % (int64_t{1} << bits);
  return int64_t{table.at(i)} * (int64_t{1} << bits) + rest * (table.at(i + 1) - table.at(i));
}

Function curve(const Node& node, const Tensor& in) {
  const CurveInput to = curve_input(node, in);
  const bool logistic = node.op == "logistic";
  const int bits = logistic ? 9 : 8;
  return [=, table = curves_s16::logistic_table()](int32_t v) {
    const int64_t x = (v * to.multiplier + half_of(to.shift)) >> to.shift;
    const int64_t magnitude = std::abs(x);
    if (logistic) {
      const int64_t y = magnitude >> bits >= 255 ? 0x7fff << 10 : interpolate(table, magnitude, bits);
      return static_cast<int32_t>((x >= 0 ? y + 512 : (1 << 25) - y + 511) >> 10);
    }
    const int64_t y = (magnitude >> bits >= 255 ? 0xffff << 8 : interpolate(table, magnitude, bits)) - (1 << 23);
    return static_cast<int32_t>((x >= 0 ? y + 128 : -y + 127) >> 8);
  };
}

Function function_of(const Node& node, const Tensor& in, const Tensor& out) {
  if (is_curve(node)) return curve(node, in);
  if (is_clip(node)) {
    const Multiplier m = quantize_multiplier(scale_of(in) / scale_of(out));
    const ActivationRange range = quantized_activation(node.op, out.quant, DType::i16);
    return [=](int32_t v) { return std::min(range.high, std::max(range.low, oracle::requantize(v, m))); };
  }
  const LeakyRelu f = leaky_relu(node, in, out);
  return [=](int32_t v) {
    if (v >= 0) return to_s16(oracle::requantize(v, f.positive));
    return to_s16(oracle::requantize(f.rises ? v : -v, f.negative));
  };
}

Outcome check_scales(const Graph& graph, const Node& node) {
  const Tensor& in = graph.at(node.in(0));
  const Tensor& out = graph.at(node.out());
  if (is_curve(node)) {
    int log2 = 0;
    if (!curves_s16::power_of_two(scale_of(out), log2) || log2 != -15) {
      return fail(graph, node, "E0304", "a 16-bit output must have scale 1/32768");
    }
    if (curve_input(node, in).multiplier > 65535) return elementwise::scales_too_far_apart(graph, node);
    return Done{};
  }
  const float ratio = scale_of(in) / scale_of(out);
  const float negative = node.op == "leaky_relu" ? std::abs(ratio * alpha_of(node)) : 0.0F;
  if (!(ratio < largest_ratio && negative < largest_ratio)) return elementwise::scales_too_far_apart(graph, node);
  return Done{};
}

}  // namespace

bool applies(const Graph& graph, const Node& node) { return graph.at(node.in(0)).dtype == DType::i16; }

Result<std::vector<TensorType>> infer(const Graph& graph, const Node& node) {
  const Tensor& in = graph.at(node.in(0));
  if (!is_clip(node) && !is_curve(node) && node.op != "leaky_relu") {
    return elementwise::unsupported_type(graph, node, in.dtype, "i8, f32");
  }
  for (TensorId id : {node.in(0), node.out()}) {
    if (Outcome o = elementwise::check_per_tensor(graph, node, id); !o) return o.failure();
  }
  if (Outcome o = check_scales(graph, node); !o) return o.failure();
  return std::vector<TensorType>{{in.dtype, in.shape}};
}

void evaluate(const Evaluation& e) {
  const Function function = function_of(e.node, *e.in[0]->type, *e.out[0]->type);
  for (int64_t i = 0; i < elements(e.in[0]->type->shape); ++i) {
    e.out[0]->as<int16_t>()[i] = static_cast<int16_t>(function(e.in[0]->as<int16_t>()[i]));
  }
}

Outcome lower(Lowering& l) {
  const Tensor& in = l.input(0);
  const Tensor& out = l.output();
  const int32_t row = row_elements(out.shape);
  if (is_curve(l.node)) {
    const CurveInput to = curve_input(l.node, in);
    const auto table = static_cast<int32_t>(l.pool.add(l.name("logistic"), curves_s16::logistic_table()));
    if (l.node.op == "logistic") {
      l.kernel("ops/activation_s16.hpp", SMELT_KERNEL(logistic_s16));
    } else {
      l.kernel("ops/activation_s16.hpp", SMELT_KERNEL(tanh_s16));
    }
    l.params("smelt::CurveS16", CurveS16{row, table, static_cast<int32_t>(to.multiplier), half_of(to.shift), to.shift},
             "row table multiplier half shift");
  } else if (is_clip(l.node)) {
    const Multiplier m = quantize_multiplier(scale_of(in) / scale_of(out));
    const ActivationRange range = quantized_activation(l.node.op, out.quant, DType::i16);
    l.kernel("ops/activation_s16.hpp", SMELT_KERNEL(clip_s16));
    l.params("smelt::ClipS16", ClipS16{row, m.multiplier, ~m.shift, range.low, range.high}, "row multiplier right low high");
  } else {
    const LeakyRelu f = leaky_relu(l.node, in, out);
    l.kernel("ops/activation_s16.hpp", SMELT_KERNEL(leaky_relu_s16));
    l.params("smelt::LeakyReluS16",
             LeakyReluS16{row, f.positive.multiplier, ~f.positive.shift, f.negative.multiplier, ~f.negative.shift,
                          f.rises ? 1 : -1},
             "row multiplier right negative_multiplier negative_right negative_sign");
  }
  l.rowwise();
  if (!in.constant()) l.in_place(0);
  return Done{};
}

}  // namespace smelt::activation_s16
