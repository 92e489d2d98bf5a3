// int8 convolutions, depthwise convolutions and fully connected layers as what they compute, whatever their windows:
//
//   out[o] = clamp(out zero + requantize(bias[o] + sum of (in[channel(o, i)] - in zero) * weights[at(o, tap, i)]))
//
// over taps and i, where taps that lie outside of the image add nothing. Sums are taken modulo 2^32. What proves things
// about such nodes (ops/ranges.hpp, the passes over channels) knows no more of them than this.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "ir/graph.hpp"
#include "ops/op.hpp"
#include "ops/quantize.hpp"

namespace smelt {

struct WeightedSum {
  int32_t outputs = 0;  ///< output channels
  int32_t groups = 1;   ///< of channels; outputs of one group read the input channels of that group
  int32_t depth = 0;    ///< input channels of a group
  int32_t taps = 1;     ///< positions of the window
  bool outputs_last = false;       ///< weights as [tap][output] (depth is 1), otherwise as [output][tap][i]
  std::vector<char> tap_leaves;    ///< by tap: whether it lies outside of the image for some output position
  std::vector<Multiplier> scales;  ///< by output
  ActivationRange clamp;

  int32_t inputs() const { return groups * depth; }
  int32_t channel(int32_t o, int32_t i) const { return o / (outputs / groups) * depth + i; }
  size_t at(int32_t o, int32_t tap, int32_t i) const {
    return static_cast<size_t>(outputs_last ? int64_t{tap} * outputs + o : (int64_t{o} * taps + tap) * depth + i);
  }
};

/// Empty where the node's operator is no such sum, or its input does not consist of `inputs()` channels, or is constant.
std::optional<WeightedSum> weighted_sum(const Graph& graph, const Node& node);

/// Bias of an output channel; 0 where the node has none.
int32_t bias_of(const Graph& graph, const Node& node, int32_t o);

/// What output o is where the accumulator holds `sum`.
int32_t stored(const WeightedSum& s, const Tensor& output, int32_t o, int32_t sum);

}  // namespace smelt
