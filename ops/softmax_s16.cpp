#include "ops/softmax_s16.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "ops/curves_s16.hpp"
#include "ops/quantize.hpp"
#include "runtime/ops/softmax_s16.hpp"

namespace smelt::int16_softmax {
namespace {

constexpr int32_t most_elements = 32767;  // as many ones as the sum's 16 integer bits hold, and half

double beta_of(const Node& node) { return static_cast<float>(node.attrs.f("beta", 1.0)); }

/// Of differences, to where -65535 stands for -10.
double difference_ratio(const Node& node, const Tensor& in) {
  return static_cast<double>(in.quant.scale.at(0)) * beta_of(node) / (10.0 / 65535.0);
}

/// The table at x, interpolated in 128 parts of a step.
int32_t lookup(const std::vector<int16_t>& table, int32_t x) {
  const int32_t step = x + 32768;
  const auto at = static_cast<size_t>(step / 128);
  const int32_t here = table.at(at);
  const int32_t next = table.at(at + 1);
  const double more = (next - here) * (step % 128) / 128.0;
  return here + static_cast<int32_t>(std::floor(more + 0.5));
}

}  // namespace

Outcome check(const Graph& graph, const Node& node) {
  const Tensor& in = graph.at(node.in(0));
  const float out = graph.at(node.out()).quant.scale.at(0);
  if (std::abs(out - 1.0F / 32768) > 0.001F / 32768) {
    return fail(graph, node, "E0304", "a 16-bit output must have scale 1/32768");
  }
  const double ratio = difference_ratio(node, in);
  // Differences of 16 bits and their sign, times the ratio, must fit 32 bits.
  if (!(ratio >= 0 && ratio < 16384)) return fail(graph, node, "E0304", "beta times the input's scale is too large");
  if (in.shape.back() > most_elements) {
    return fail(graph, node, "E0301", "more than " + std::to_string(most_elements) + " int16 elements are not supported");
  }
  return Done{};
}

void evaluate(const Evaluation& e) {
  const Shape& shape = e.in[0]->type->shape;
  const int32_t depth = shape.back();
  const Multiplier m = quantize_multiplier(difference_ratio(e.node, *e.in[0]->type));
  const std::vector<int16_t> exp = curves_s16::exp_table();
  const std::vector<int16_t> reciprocal = curves_s16::reciprocal_table();
  for (int64_t at = 0; at < elements(shape); at += depth) {
    const int16_t* x = e.in[0]->as<int16_t>() + at;
    const int32_t largest = *std::max_element(x, x + depth);
    std::vector<int64_t> exps;
    int64_t sum = 0;
    for (int32_t c = 0; c < depth; ++c) {
      const int32_t difference = std::max(oracle::requantize(x[c] - largest, m), -65535);
      exps.push_back(lookup(exp, difference + 32767));
      sum += exps.back();
    }
    int bits = 0;  // of the sum
    while (sum >> bits != 0) ++bits;
    const int64_t leading = (sum * (int64_t{1} << (31 - bits)) + (1 << 13)) / (1 << 14);  // from 2^16 to 2^17
    const int64_t scale = lookup(reciprocal, static_cast<int32_t>(std::min<int64_t>(leading - 98304, 32767)));
    const int64_t one = int64_t{1} << (bits - 1);
    for (int32_t c = 0; c < depth; ++c) {
      const int64_t y = (exps[static_cast<size_t>(c)] * scale + one / 2) / one;
      e.out[0]->as<int16_t>()[at + c] = static_cast<int16_t>(std::clamp<int64_t>(y, 0, 32767));
    }
  }
}

Outcome lower(Lowering& l) {
  const Shape& shape = l.input(0).shape;
  const Multiplier m = quantize_multiplier(difference_ratio(l.node, l.input(0)));
  const auto table = [&](const char* name, const std::vector<int16_t>& values) {
    return static_cast<int32_t>(l.pool.add(l.name(name), values));
  };
  const SoftmaxS16 p{row_elements(shape) / shape.back(),
                     shape.back(),
                     table("exp", curves_s16::exp_table()),
                     table("reciprocal", curves_s16::reciprocal_table()),
                     m.multiplier,
                     ~m.shift};
  l.kernel("ops/softmax_s16.hpp", SMELT_KERNEL(softmax_s16));
  l.params("smelt::SoftmaxS16", p, "groups depth exp reciprocal multiplier right");
  l.rowwise();
  l.in_place(0);
  return Done{};
}

}  // namespace smelt::int16_softmax
