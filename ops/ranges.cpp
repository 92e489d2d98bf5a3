#include "ops/ranges.hpp"

#include <algorithm>
#include <limits>

namespace smelt {
namespace {

constexpr int64_t lowest = std::numeric_limits<int32_t>::min();
constexpr int64_t highest = std::numeric_limits<int32_t>::max();

bool fits_32(Interval x) { return x.low >= lowest && x.high <= highest; }

int bits_of(Interval x) {
  int bits = 1;
  while (bits < 64 && (x.low < -(int64_t{1} << (bits - 1)) || x.high >= (int64_t{1} << (bits - 1)))) ++bits;
  return bits;
}

bool left_shift_fits(Interval sum, Multiplier m) {
  if (m.shift <= 0) return fits_32(sum);
  const int64_t factor = int64_t{1} << m.shift;
  return fits_32(sum) && sum.low >= lowest / factor && sum.high <= highest / factor;
}

/// Oracles are slow; where one node has more elements than this, nothing is found out.
constexpr int64_t most_elements = int64_t{1} << 20;

/// Ranges behind a node whose channels are independent. Where all that a channel is made of is constant, the oracle says
/// what comes out, at every position: padding, rounding and borders are its business.
std::vector<Interval> through_channels(const Graph& graph, const Node& node, const ChannelRanges& ranges) {
  const Tensor& out = graph.at(node.out());
  const auto channels = static_cast<size_t>(out.shape.back());
  std::vector<Interval> result(channels, stored_range(graph, node.out()));
  std::vector<char> known(channels, 1);
  int64_t size = elements(out.shape);
  for (TensorId id : node.inputs) {
    const Tensor& in = graph.at(id);
    size += elements(in.shape);
    if (in.constant()) continue;
    const std::vector<Interval>& r = ranges[static_cast<size_t>(id)];
    for (size_t c = 0; c < channels; ++c) known[c] = known[c] != 0 && !r.empty() && r[c].single() ? 1 : 0;
  }
  if (size > most_elements || std::none_of(known.begin(), known.end(), [](char k) { return k != 0; })) return result;

  std::vector<Value> in(node.inputs.size());
  Evaluation e{graph, node, {}, {}};
  for (size_t i = 0; i < in.size(); ++i) {
    const TensorId id = node.inputs[i];
    in[i].type = &graph.at(id);
    e.in.push_back(&in[i]);
    if (graph.at(id).constant()) {
      in[i].bytes = *graph.at(id).data;
      continue;
    }
    in[i].bytes.assign(static_cast<size_t>(graph.at(id).bytes()), 0);
    for (size_t k = 0; k < in[i].bytes.size() && in[i].type->dtype == DType::i8; ++k) {
      if (known[k % channels] == 0) continue;
      in[i].bytes[k] = static_cast<uint8_t>(ranges[static_cast<size_t>(id)][k % channels].low);
    }
  }
  Value value{&out, Bytes(static_cast<size_t>(out.bytes()))};
  e.out.push_back(&value);
  find_op(node.op)->evaluate(e);
  const auto* y = value.as<int8_t>();
  for (size_t c = 0; c < channels; ++c) {
    if (known[c] == 0) continue;
    Interval all{y[c], y[c]};
    for (size_t k = c; k < value.bytes.size(); k += channels) {
      all = {std::min<int64_t>(all.low, y[k]), std::max<int64_t>(all.high, y[k])};
    }
    result[c] = all;
  }
  return result;
}

/// Through a table, ranges are what the table holds there.
std::vector<Interval> through_bytes(const Graph& graph, const Node& node, const std::vector<Interval>& in) {
  const std::vector<uint8_t> table = byte_table(graph, node);
  std::vector<Interval> result;
  for (const Interval& x : in) {
    Interval y{127, -128};
    for (int64_t v = x.low; v <= x.high; ++v) {
      const auto stored = static_cast<int8_t>(table[static_cast<uint8_t>(v)]);
      y = {std::min<int64_t>(y.low, stored), std::max<int64_t>(y.high, stored)};
    }
    result.push_back(y);
  }
  return result;
}

std::vector<Interval> joined(const Node& node, const ChannelRanges& ranges, const Graph& graph) {
  std::vector<Interval> all;
  for (TensorId id : node.inputs) {
    const std::vector<Interval>& r = ranges[static_cast<size_t>(id)];
    if (!r.empty()) {
      all.insert(all.end(), r.begin(), r.end());
    } else {
      all.insert(all.end(), static_cast<size_t>(graph.at(id).shape.back()), Interval{-128, 127});
    }
  }
  return all;
}

}  // namespace

Interval stored_range(const Graph& graph, TensorId id) {
  const int producer = graph.producer(id);
  if (producer < 0) return {-128, 127};
  const Node& node = graph.nodes[static_cast<size_t>(producer)];
  const OpDef* op = find_op(node.op);
  std::string activation = op->fuses_activation ? node.attrs.s("activation", "none") : "none";
  if (op->as_activation != nullptr && op->as_activation(node) != nullptr) activation = op->as_activation(node);
  const ActivationRange range = quantized_activation(activation, graph.at(id).quant, DType::i8);
  return {std::clamp(range.low, -128, 127), std::clamp(range.high, -128, 127)};
}

Interval sum_range(const Graph& graph, const Node& node, const WeightedSum& s, int32_t o,
                   const std::vector<Interval>& inputs) {
  const auto* weights = graph.at(node.in(1)).as<int8_t>();
  const int64_t zero = graph.at(node.in(0)).quant.zero_point[0];
  Interval sum{bias_of(graph, node, o), bias_of(graph, node, o)};
  for (int32_t tap = 0; tap < s.taps; ++tap) {
    for (int32_t i = 0; i < s.depth; ++i) {
      const int64_t w = weights[s.at(o, tap, i)];
      const Interval& x = inputs[static_cast<size_t>(s.channel(o, i))];
      int64_t low = (x.low - zero) * w;
      int64_t high = (x.high - zero) * w;
      if (low > high) std::swap(low, high);
      if (s.tap_leaves[static_cast<size_t>(tap)] != 0) {
        low = std::min<int64_t>(low, 0);
        high = std::max<int64_t>(high, 0);
      }
      sum.low += low;
      sum.high += high;
    }
  }
  return sum;
}

Interval output_range(const WeightedSum& s, const Tensor& output, int32_t o, Interval sum) {
  // Requantization with a multiplier that is not negative is monotone, unless something overflows on the way.
  if (!left_shift_fits(sum, s.scales[static_cast<size_t>(o)])) return {s.clamp.low, s.clamp.high};
  return {stored(s, output, o, static_cast<int32_t>(sum.low)), stored(s, output, o, static_cast<int32_t>(sum.high))};
}

ChannelRanges channel_ranges(const Graph& graph) {
  ChannelRanges ranges(graph.tensors.size());
  const auto unknown = [&](TensorId id) {
    const Tensor& t = graph.at(id);
    if (t.dtype != DType::i8 || t.shape.empty() || t.constant()) return;
    ranges[static_cast<size_t>(id)].assign(static_cast<size_t>(t.shape.back()), stored_range(graph, id));
  };
  for (TensorId id : graph.inputs) unknown(id);
  for (const Node& node : graph.nodes) {
    for (TensorId id : node.outputs) unknown(id);
    if (node.outputs.size() != 1 || ranges[static_cast<size_t>(node.out())].empty()) continue;
    std::vector<Interval>& out = ranges[static_cast<size_t>(node.out())];
    if (const std::optional<WeightedSum> s = weighted_sum(graph, node)) {
      for (int32_t o = 0; o < s->outputs; ++o) {
        out[static_cast<size_t>(o)] =
            output_range(*s, graph.at(node.out()), o,
                         sum_range(graph, node, *s, o, ranges[static_cast<size_t>(node.in(0))]));
      }
      continue;
    }
    if (is_bytewise(graph, node) && !ranges[static_cast<size_t>(node.in(0))].empty()) {
      out = through_bytes(graph, node, ranges[static_cast<size_t>(node.in(0))]);
      continue;
    }
    switch (channel_flow(graph, node)) {
      case ChannelFlow::each:
        out = through_channels(graph, node, ranges);
        break;
      case ChannelFlow::joined:
        out = joined(node, ranges, graph);
        break;
      case ChannelFlow::mixed:
        break;
    }
  }
  return ranges;
}

SumProof prove_sums(const Graph& graph, const Node& node, const WeightedSum& s, const std::vector<Interval>& inputs) {
  const std::vector<Interval> in =
      inputs.empty() ? std::vector<Interval>(static_cast<size_t>(s.inputs()), stored_range(graph, node.in(0))) : inputs;
  const Tensor& output = graph.at(node.out());
  const int64_t in_zero = graph.at(node.in(0)).quant.zero_point[0];
  const int32_t out_zero = output.quant.zero_point[0];
  const auto* weights = graph.at(node.in(1)).as<int8_t>();
  SumProof proof;
  proof.sum = sum_range(graph, node, s, 0, in);
  Interval partial = proof.sum;
  proof.shifts_right_only = true;
  proof.never_overflows = true;
  proof.negatives_are_clamped = s.clamp.low >= out_zero;
  proof.clamps_low = proof.clamps_high = false;
  WeightedSum open = s;  // the same without its clamp
  open.clamp = {std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max()};
  for (int32_t o = 0; o < s.outputs; ++o) {
    const Interval sum = sum_range(graph, node, s, o, in);
    proof.sum = {std::min(proof.sum.low, sum.low), std::max(proof.sum.high, sum.high)};
    int64_t start = bias_of(graph, node, o);
    int64_t down = 0;
    int64_t up = 0;
    for (int32_t tap = 0; tap < s.taps; ++tap) {
      for (int32_t i = 0; i < s.depth; ++i) {
        const int64_t w = weights[s.at(o, tap, i)];
        start -= in_zero * w;
        // Padding is read as the zero point.
        const Interval& x = in[static_cast<size_t>(s.channel(o, i))];
        const int64_t products[] = {0, x.low * w, x.high * w, in_zero * w};
        down += *std::min_element(std::begin(products), std::end(products));
        up += *std::max_element(std::begin(products), std::end(products));
      }
    }
    partial = {std::min(partial.low, start + down), std::max(partial.high, start + up)};
    const Multiplier m = s.scales[static_cast<size_t>(o)];
    proof.shifts_right_only = proof.shifts_right_only && m.shift <= 0;
    if (!left_shift_fits(sum, m)) {
      proof.never_overflows = false;
      proof.negatives_are_clamped = false;
      proof.clamps_low = proof.clamps_high = true;
      continue;
    }
    const Interval y = output_range(open, output, o, sum);
    proof.clamps_low = proof.clamps_low || y.low < s.clamp.low;
    proof.clamps_high = proof.clamps_high || y.high > s.clamp.high;
  }
  proof.bits = bits_of(proof.sum);
  proof.partial_bits = std::max(proof.bits, bits_of(partial));
  return proof;
}

std::string to_string(const SumProof& p) {
  std::string text = "sums from " + std::to_string(p.sum.low) + " to " + std::to_string(p.sum.high) + " (" +
                     std::to_string(p.bits) + " bits, " + std::to_string(p.partial_bits) + " on the way)";
  text += p.never_overflows ? ", nothing overflows" : ", may overflow as the reference does";
  if (p.shifts_right_only) text += ", no left shift";
  if (p.negatives_are_clamped) text += ", negative sums end at the lower clamp";
  if (!p.clamps_low) text += ", the lower clamp is never needed";
  if (!p.clamps_high) text += ", the upper clamp is never needed";
  return text;
}

}  // namespace smelt
