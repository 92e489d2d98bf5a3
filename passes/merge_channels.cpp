#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

#include "passes/channels.hpp"
#include "passes/pass.hpp"
#include "passes/rewrite.hpp"

namespace smelt {
namespace {

/// By channel of a tensor: the first channel that always holds the same bytes.
using Twins = std::vector<int32_t>;

/// Gives the first channel of each key.
class Firsts {
 public:
  int32_t of(std::vector<int32_t> key, int32_t channel) {
    return firsts_.emplace(std::move(key), channel).first->second;
  }

 private:
  std::map<std::vector<int32_t>, int32_t> firsts_;
};

/// Outputs of equal scale and bias are equal where their weights are, added up over equal inputs.
Twins twins_of_sum(const Graph& graph, const Node& node, const WeightedSum& s, const Twins& in) {
  const channels::Coefficients c = channels::coefficients(graph, node, s);
  Firsts firsts;
  Twins twins;
  for (int32_t o = 0; o < s.outputs; ++o) {
    const Multiplier m = s.scales[static_cast<size_t>(o)];
    std::map<int32_t, std::vector<int32_t>> by_input;
    for (int32_t i = 0; i < s.depth; ++i) {
      std::vector<int32_t>& sums = by_input[in[static_cast<size_t>(s.channel(o, i))]];
      sums.resize(static_cast<size_t>(s.taps));
      for (int32_t tap = 0; tap < s.taps; ++tap) sums[static_cast<size_t>(tap)] += c.weights[s.at(o, tap, i)];
    }
    std::vector<int32_t> key = {c.biases[static_cast<size_t>(o)], m.multiplier, m.shift};
    for (const auto& [channel, sums] : by_input) {
      if (std::all_of(sums.begin(), sums.end(), [](int32_t w) { return w == 0; })) continue;
      key.push_back(channel);
      key.insert(key.end(), sums.begin(), sums.end());
    }
    twins.push_back(firsts.of(std::move(key), o));
  }
  return twins;
}

/// Channels that go through the same function are equal where all that goes in is.
Twins twins_of_each(const Graph& graph, const Node& node, const std::vector<Twins>& all) {
  const int32_t channels = graph.at(node.out()).shape.back();
  Firsts firsts;
  Twins twins;
  for (int32_t c = 0; c < channels; ++c) {
    std::vector<int32_t> key;
    for (TensorId id : node.inputs) {
      const Tensor& in = graph.at(id);
      if (!in.constant()) {
        key.push_back(all[static_cast<size_t>(id)][static_cast<size_t>(c)]);
      } else if (!in.shape.empty() && in.shape.back() == channels) {
        const auto size = static_cast<size_t>(size_of(in.dtype));
        for (size_t at = static_cast<size_t>(c) * size; at < in.data->size(); at += static_cast<size_t>(channels) * size) {
          key.insert(key.end(), in.data->begin() + static_cast<std::ptrdiff_t>(at),
                     in.data->begin() + static_cast<std::ptrdiff_t>(at + size));
        }
      }
    }
    twins.push_back(firsts.of(std::move(key), c));
  }
  return twins;
}

Twins twins_of_joined(const Graph& graph, const Node& node, const std::vector<Twins>& all) {
  Twins twins;
  for (TensorId id : node.inputs) {
    const auto first = static_cast<int32_t>(twins.size());
    for (int32_t c = 0; c < graph.at(id).shape.back(); ++c) {
      twins.push_back(first + (graph.at(id).constant() ? c : all[static_cast<size_t>(id)][static_cast<size_t>(c)]));
    }
  }
  return twins;
}

std::vector<Twins> find_twins(const Graph& graph) {
  std::vector<Twins> all(graph.tensors.size());
  const auto alone = [&](TensorId id) {
    const Shape& shape = graph.at(id).shape;
    Twins& twins = all[static_cast<size_t>(id)];
    twins.resize(shape.empty() ? 1 : static_cast<size_t>(shape.back()));
    std::iota(twins.begin(), twins.end(), 0);
  };
  for (TensorId id : graph.inputs) alone(id);
  for (const Node& node : graph.nodes) {
    for (TensorId id : node.outputs) alone(id);
    const auto out = static_cast<size_t>(node.outputs[0]);
    if (const std::optional<WeightedSum> s = weighted_sum(graph, node)) {
      all[out] = twins_of_sum(graph, node, *s, all[static_cast<size_t>(node.in(0))]);
    } else if (channel_flow(graph, node) == ChannelFlow::each) {
      all[out] = twins_of_each(graph, node, all);
    } else if (channel_flow(graph, node) == ChannelFlow::joined) {
      all[out] = twins_of_joined(graph, node, all);
    }
  }
  return all;
}

/// Adds the weights for input channel `from` to those for `to`, if every sum is an int8 weight again; whether it did.
bool move_weights(const WeightedSum& s, std::vector<int8_t>& weights, int32_t from, int32_t to) {
  for (int32_t o = 0; o < s.outputs; ++o) {
    for (int32_t tap = 0; tap < s.taps; ++tap) {
      if (std::abs(weights[s.at(o, tap, from)] + weights[s.at(o, tap, to)]) > 127) return false;
    }
  }
  bool moved = false;
  for (int32_t o = 0; o < s.outputs; ++o) {
    for (int32_t tap = 0; tap < s.taps; ++tap) {
      int8_t& w = weights[s.at(o, tap, from)];
      int8_t& sum = weights[s.at(o, tap, to)];
      moved = moved || w != 0;
      sum = static_cast<int8_t>(sum + w);
      w = 0;
    }
  }
  return moved;
}

}  // namespace

void merge_channels(Graph& graph, PassLog& log) {
  const std::vector<Twins> all = find_twins(graph);
  for (Node& node : graph.nodes) {
    const std::optional<WeightedSum> s = weighted_sum(graph, node);
    if (!s || s->groups != 1) continue;
    const Twins& twins = all[static_cast<size_t>(node.in(0))];
    channels::Coefficients c = channels::coefficients(graph, node, *s);
    size_t merged = 0;
    for (int32_t i = 0; i < s->depth; ++i) {
      const int32_t first = twins[static_cast<size_t>(i)];
      if (first != i && move_weights(*s, c.weights, i, first)) ++merged;
    }
    if (merged == 0) continue;
    log.note("merge channels", rewrite::describe(graph, node) + ": " + channels::of(merged, s->depth) +
                                   " input channels always hold what another one does; that one's weights are the sums "
                                   "now, which int8 holds");
    channels::set_coefficients(graph, node, c);
  }
}

}  // namespace smelt
