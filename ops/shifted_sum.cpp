#include "ops/shifted_sum.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "ops/curves_s16.hpp"
#include "ops/pairs.hpp"
#include "ops/quantize.hpp"
#include "runtime/ops/binary_s16.hpp"

namespace smelt::shifted_sum {
namespace {

/// By how much each of the inputs is shifted to the right.
std::pair<int, int> shifts_of(const Graph& graph, const Node& node) {
  const auto log2 = [&](TensorId id) {
    int power = 0;
    curves_s16::power_of_two(graph.at(id).quant.scale.at(0), power);
    return power;
  };
  const int out = log2(node.out());
  return {out - log2(node.in(0)), out - log2(node.in(1))};
}

ActivationRange range_of(const Graph& graph, const Node& node) {
  return quantized_activation(node.attrs.s("activation", "none"), graph.at(node.out()).quant, DType::i16);
}

}  // namespace

bool applies(const Graph& graph, const Node& node) {
  if (node.attrs.i("pot_scale_int16") == 0 || node.inputs.size() != 2 || node.outputs.size() != 1) return false;
  for (TensorId id : {node.in(0), node.in(1), node.out()}) {
    if (id == no_tensor || graph.at(id).dtype != DType::i16 || graph.at(id).quant.scale.size() != 1) return false;
    int log2 = 0;
    if (!curves_s16::power_of_two(graph.at(id).quant.scale[0], log2)) return false;
  }
  return true;
}

Outcome check(const Graph& graph, const Node& node) {
  const auto [a, b] = shifts_of(graph, node);
  if (std::min(a, b) == 0 && std::max(a, b) <= 31) return Done{};
  return fail(graph, node, "E0304", "of two scales that are powers of two, one must be the output's, and none above it",
              "export the model with pot_scale_int16 off");
}

void evaluate(const Evaluation& e, bool subtract) {
  const auto [a_shift, b_shift] = shifts_of(e.graph, e.node);
  const ActivationRange range = range_of(e.graph, e.node);
  pairs::evaluate<int16_t, int16_t>(e, [&, a_right = a_shift, b_right = b_shift](int32_t a, int32_t b) {
    const int32_t x = oracle::rounding_shift_right(a, a_right);
    const int32_t y = oracle::rounding_shift_right(b, b_right);
    return static_cast<int16_t>(std::clamp(subtract ? x - y : x + y, range.low, range.high));
  });
}

Outcome lower(Lowering& l, bool subtract) {
  const auto [a, b] = shifts_of(l.graph, l.node);
  const ActivationRange range = range_of(l.graph, l.node);
  l.kernel("ops/binary_s16.hpp", SMELT_KERNEL(shifted_add_s16));
  l.params("smelt::ShiftedAddS16", ShiftedAddS16{pairs::lay_out(l), a, b, subtract ? -1 : 1, range.low, range.high},
           "walk shift_a shift_b sign_b low high");
  return Done{};
}

}  // namespace smelt::shifted_sum
