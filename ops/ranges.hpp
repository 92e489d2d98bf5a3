// What int8 tensors and the sums that make them can hold, proven from the actual weights. Proofs license rewriting
// (passes) and faster kernels (lower).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ir/graph.hpp"
#include "ops/weighted_sum.hpp"

namespace smelt {

/// low to high, both included.
struct Interval {
  int64_t low = 0;
  int64_t high = 0;
  bool single() const { return low == high; }
  bool operator==(const Interval&) const = default;
};

/// What each channel of a tensor can hold, over all positions and all inputs of the model; empty where nothing is kept
/// of a tensor (other types than int8, scalars, constants).
using ChannelRanges = std::vector<std::vector<Interval>>;  // by tensor, then channel
ChannelRanges channel_ranges(const Graph& graph);

/// The stored values of a tensor as far as the node that makes it says: int8's, cut by its activation.
Interval stored_range(const Graph& graph, TensorId id);

/// What output o's sum can be, bias included, before it is taken modulo 2^32; `inputs` by channel.
Interval sum_range(const Graph& graph, const Node& node, const WeightedSum& s, int32_t o,
                   const std::vector<Interval>& inputs);

/// What output o can be where its sum is in `sum`.
Interval output_range(const WeightedSum& s, const Tensor& output, int32_t o, Interval sum);

/// What may be relied on in computing a node, over all its outputs and all inputs.
struct SumProof {
  Interval sum;                  ///< of the sums, as sum_range
  int bits = 64;                 ///< they are two's complement numbers of so many bits
  /// So are all partial sums in any order that start at bias - zero * (sum of weights) and add input * weight.
  int partial_bits = 64;
  bool shifts_right_only = false;    ///< no scale has a shift above 0
  bool never_overflows = false;      ///< neither a sum nor a left shift leaves 32 bits
  bool negatives_are_clamped = false;///< whatever is not positive ends at the lower clamp: how it rounds is no matter
  bool clamps_low = true;            ///< the lower clamp is ever reached from below
  bool clamps_high = true;
};
/// Without `inputs`, they are what stored_range says.
SumProof prove_sums(const Graph& graph, const Node& node, const WeightedSum& s,
                    const std::vector<Interval>& inputs = {});

/// "sums of 18 bits, no left shifts, ..."
std::string to_string(const SumProof& proof);

}  // namespace smelt
