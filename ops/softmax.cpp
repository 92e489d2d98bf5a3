// SOFTMAX along the last dimension.
#include "runtime/ops/softmax.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "lower/lowering.hpp"
#include "ops/checks.hpp"
#include "ops/op.hpp"
#include "ops/quantize.hpp"
#include "ops/raw.hpp"
#include "ops/softmax_s16.hpp"
#include "ops/view.hpp"

namespace smelt {
namespace {

constexpr int32_t most_elements = 4095;  // as many ones as the sum's 12 integer bits hold

/// beta * scale in Q5.26: what one step of an int8 input is worth to the exponential.
double step_multiplier(const Graph& graph, const Node& node) {
  const double beta = static_cast<float>(node.attrs.f("beta", 1.0));
  const double scale = static_cast<double>(graph.at(node.inputs[0]).quant.scale[0]);
  return std::min(beta * scale * (1 << 26), 2147483647.0);
}

Outcome normalize_softmax(Graph& graph, Node& node) {
  if (Outcome o = checks::operands(graph, node, 1); !o) return o;
  if (!node.attrs.has("beta")) node.attrs.set("beta", 1.0);
  return Done{};
}

Result<std::vector<TensorType>> infer_softmax(const Graph& graph, const Node& node) {
  if (Outcome o = checks::operands(graph, node, 1); !o) return o.failure();
  if (Outcome o = checks::type(graph, node, {DType::i8, DType::i16, DType::f32}); !o) return o.failure();
  const Tensor& in = graph.at(node.inputs[0]);
  if (in.shape.empty()) return fail(graph, node, "E0301", "the input must have a dimension");
  if (!std::isfinite(static_cast<float>(node.attrs.f("beta", 1.0)))) {
    return fail(graph, node, "E0303", "beta must be a finite number");
  }
  if (in.dtype == DType::i8) {
    if (Outcome o = checks::output_range(graph, node); !o) return o.failure();
    if (step_multiplier(graph, node) <= 1) {
      return fail(graph, node, "E0304", "beta times the input's scale must exceed 2^-26");
    }
    if (in.shape.back() > most_elements) {
      return fail(graph, node, "E0301",
                  "more than " + std::to_string(most_elements) + " int8 elements are not supported");
    }
  }
  if (in.dtype == DType::i16) {
    if (Outcome o = int16_softmax::check(graph, node); !o) return o.failure();
  }
  return std::vector<TensorType>{{in.dtype, in.shape}};
}

// ---- gemmlowp's fixed-point functions, by definition: fixedpoint/fixedpoint.h ----

using oracle::doubling_high_mul;
using oracle::rounding_shift_right;

/// SaturatingRoundingMultiplyByPOT for left shifts.
int32_t saturating_shift_left(int32_t x, int bits) {
  return static_cast<int32_t>(std::clamp<int64_t>(
      int64_t{x} * (int64_t{1} << bits), std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max()));
}

/// e^a, Q0.31, for a in Q5.26, a <= 0 (exp_on_negative_values).
int32_t exp_on_negative_values(int32_t a) {
  if (a == 0) return std::numeric_limits<int32_t>::max();
  constexpr int32_t quarter = 1 << 24;
  const int32_t rest = (a & (quarter - 1)) - quarter;  // in [-1/4, 0)
  // e^rest by a Taylor expansion around -1/8.
  constexpr int32_t exp_minus_one_eighth = 1895147668;
  constexpr int32_t one_third = 715827883;
  const int32_t x = saturating_shift_left(rest, 5) + (1 << 28);
  const int32_t x2 = doubling_high_mul(x, x);
  const int32_t x3 = doubling_high_mul(x2, x);
  const int32_t x4 = doubling_high_mul(x2, x2);
  const int32_t higher = rounding_shift_right(doubling_high_mul(rounding_shift_right(x4, 2) + x3, one_third) + x2, 1);
  int32_t result = exp_minus_one_eighth + doubling_high_mul(exp_minus_one_eighth, x + higher);
  // e^-(1/4), e^-(1/2), ..., e^-16 for each bit of what is left.
  const int32_t remainder = rest - a;
  constexpr int32_t factors[] = {1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242};
  for (int bit = 0; bit < 7; ++bit) {
    if ((remainder & (quarter << bit)) != 0) result = doubling_high_mul(result, factors[bit]);
  }
  return result;
}

/// 1 / (1 + a) for a in [0, 1), Q0.31 (one_over_one_plus_x_for_x_in_0_1).
int32_t one_over_one_plus(int32_t a) {
  const auto half_denominator = static_cast<int32_t>((int64_t{a} + std::numeric_limits<int32_t>::max() + 1) / 2);
  int32_t x = 1515870810 + doubling_high_mul(half_denominator, -1010580540);  // Q2.29
  for (int i = 0; i < 3; ++i) {
    const int32_t one_minus = (1 << 29) - doubling_high_mul(half_denominator, x);
    x += saturating_shift_left(doubling_high_mul(x, one_minus), 2);
  }
  return saturating_shift_left(x, 1);
}

/// e^-(distance * beta * scale), Q0.31; 0 where the reference leaves an element out.
int32_t exponential(const Graph& graph, const Node& node, int32_t distance) {
  const Multiplier m = quantize_multiplier(step_multiplier(graph, node));
  const auto radius = static_cast<int64_t>(std::floor(31.0 * (1 << 26) / std::ldexp(1.0, m.shift)));
  if (distance > radius) return 0;
  const auto shifted = static_cast<int32_t>(-int64_t{distance} * (int64_t{1} << m.shift));
  return exp_on_negative_values(doubling_high_mul(shifted, m.multiplier));
}

// ---- oracle ----

void evaluate_integers(const Evaluation& e) {
  const Shape& shape = e.in[0]->type->shape;
  const int32_t depth = shape.back();
  for (int64_t at = 0; at < elements(shape); at += depth) {
    const int8_t* x = e.in[0]->as<int8_t>() + at;
    const int32_t largest = *std::max_element(x, x + depth);
    int32_t sum = 0;
    std::vector<int32_t> exps;
    for (int32_t c = 0; c < depth; ++c) {
      exps.push_back(exponential(e.graph, e.node, largest - x[c]));
      sum += rounding_shift_right(exps.back(), 12);
    }
    int headroom = 0;
    while ((static_cast<uint32_t>(sum) << headroom & 0x80000000U) == 0) ++headroom;
    const int32_t scale =
        one_over_one_plus(static_cast<int32_t>((static_cast<uint32_t>(sum) << headroom) - 0x80000000U));
    // The reference gives up where this exceeds 31, that is for sums of 512 and more.
    const int exponent = std::min(12 - headroom + 31 - 8, 31);
    for (int32_t c = 0; c < depth; ++c) {
      const int32_t y = rounding_shift_right(doubling_high_mul(scale, exps[static_cast<size_t>(c)]), exponent) - 128;
      e.out[0]->as<int8_t>()[at + c] = static_cast<int8_t>(std::min(y, 127));
    }
  }
}

void evaluate_softmax(const Evaluation& e) {
  const Shape& shape = e.in[0]->type->shape;
  if (e.in[0]->type->dtype == DType::i8) return evaluate_integers(e);
  if (e.in[0]->type->dtype == DType::i16) return int16_softmax::evaluate(e);
  const int32_t depth = shape.back();
  const auto beta = static_cast<float>(e.node.attrs.f("beta", 1.0));
  for (int64_t at = 0; at < elements(shape); at += depth) {
    const float* x = e.in[0]->as<float>() + at;
    float* y = e.out[0]->as<float>() + at;
    const float largest = *std::max_element(x, x + depth);
    float sum = 0;
    for (int32_t c = 0; c < depth; ++c) sum += y[c] = std::exp((x[c] - largest) * beta);
    for (int32_t c = 0; c < depth; ++c) y[c] /= sum;
  }
}

// ---- lowering ----

Outcome lower_softmax(Lowering& l) {
  if (l.input(0).dtype == DType::i16) return int16_softmax::lower(l);
  const Shape& shape = l.input(0).shape;
  Softmax p{};
  p.depth = shape.back();
  p.groups = row_elements(shape) / p.depth;
  p.beta = float_bits(static_cast<float>(l.node.attrs.f("beta", 1.0)));
  if (l.input(0).dtype == DType::i8) {
    // Computing the exponentials on the device takes about 400 bytes of code; the table of a usual scale (0.1 to 0.3)
    // takes 190 to 560 bytes and no time. It ends before 2^-20: from there on an element adds rounding(e / 2^12) = 0 to
    // the sum, and its own result, e * scale / 2^23 or less, rounds to 0.
    std::vector<int32_t> table;
    for (int32_t distance = 0; distance < 256; ++distance) {
      const int32_t e = exponential(l.graph, l.node, distance);
      if (e < 1 << 11) break;
      table.push_back(e);
    }
    p.table = static_cast<int32_t>(l.pool.add(l.name("exp"), table));
    p.entries = static_cast<int32_t>(table.size());
    l.kernel("ops/softmax.hpp", SMELT_KERNEL(softmax_s8));
  } else {
    l.kernel("ops/softmax.hpp", SMELT_KERNEL(softmax_f32));
  }
  l.params("smelt::Softmax", p, "groups depth table entries beta");
  l.rowwise();
  l.in_place(0);
  return Done{};
}

Outcome denormalize(Graph& /*graph*/, Node& node) {
  raw::name(node, "SOFTMAX", "SoftmaxOptions");
  return Done{};
}

}  // namespace

extern const OpDef op_softmax;
const OpDef op_softmax = {.name = "softmax",
                          .tflite = {"SOFTMAX"},
                          .normalize = normalize_softmax,
                          .infer = infer_softmax,
                          .evaluate = evaluate_softmax,
                          .lower = lower_softmax,
                          .under_view = view::keeping_last,
                          .output_range = RealRange{0, 1},
                          .denormalize = denormalize};

}  // namespace smelt
