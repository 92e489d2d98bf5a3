#include <algorithm>
#include <limits>
#include <set>

#include "ops/ranges.hpp"
#include "passes/channels.hpp"
#include "passes/pass.hpp"
#include "passes/rewrite.hpp"

namespace smelt {
namespace {

constexpr const char* pass = "fold channels";

/// Works on one node; counts what it did, channel by channel, for the log.
class Folder {
 public:
  Folder(const Graph& graph, const Node& node, const WeightedSum& s, const ChannelRanges& ranges)
      : graph_(graph), node_(node), s_(s), in_(ranges[static_cast<size_t>(node.in(0))]), c_(channels::coefficients(graph, node, s)) {
    for (int32_t o = 0; o < s.outputs; ++o) {
      settle(o, ranges[static_cast<size_t>(node.out())][static_cast<size_t>(o)]);
      for (int32_t i = 0; i < s.depth; ++i) fold(o, i);
    }
  }

  bool changed() const { return !settled_.empty() || !nothing_.empty() || !biased_.empty(); }
  const channels::Coefficients& coefficients() const { return c_; }

  void note(PassLog& log) const {
    const std::string what = rewrite::describe(graph_, node_);
    if (!settled_.empty()) {
      log.note(pass, what + ": " + channels::of(settled_.size(), s_.outputs) +
                         " outputs are the same whatever comes in, by the range of their sums; their weights are 0 now");
    }
    if (!nothing_.empty()) {
      log.note(pass, what + ": " + channels::of(nothing_.size(), s_.inputs()) +
                         " input channels always hold the zero point and add nothing, padding or not; their weights are 0 now");
    }
    if (!biased_.empty()) {
      log.note(pass, what + ": " + channels::of(biased_.size(), s_.inputs()) +
                         " input channels are constant and read at every position; the bias adds them now, within 32 bits");
    }
  }

 private:
  /// An output that can hold one value only needs no weights, provided that its bias alone gives that value too.
  void settle(int32_t o, Interval range) {
    if (!range.single() ||
        stored(s_, graph_.at(node_.out()), o, c_.biases[static_cast<size_t>(o)]) != range.low) {
      return;
    }
    for (int32_t i = 0; i < s_.depth; ++i) {
      if (!channels::reads(s_, c_.weights, o, i)) continue;
      clear(o, i);
      settled_.insert(o);
    }
  }

  void fold(int32_t o, int32_t i) {
    const int32_t c = s_.channel(o, i);
    if (in_.empty() || !in_[static_cast<size_t>(c)].single() || !channels::reads(s_, c_.weights, o, i)) return;
    const int64_t value = in_[static_cast<size_t>(c)].low - graph_.at(node_.in(0)).quant.zero_point[0];
    int64_t weights = 0;
    bool leaves = false;
    for (int32_t tap = 0; tap < s_.taps; ++tap) {
      const int8_t w = c_.weights[s_.at(o, tap, i)];
      weights += w;
      leaves = leaves || (w != 0 && s_.tap_leaves[static_cast<size_t>(tap)] != 0);
    }
    if (value != 0) {
      // Where a tap lies in the padding it adds nothing, elsewhere it adds something: no bias is right for both. And the
      // sum stays the same number, not only the same modulo 2^32, as long as the bias holds all of it.
      const int64_t bias = c_.biases[static_cast<size_t>(o)] + value * weights;
      if (leaves || bias < std::numeric_limits<int32_t>::min() || bias > std::numeric_limits<int32_t>::max()) return;
      c_.biases[static_cast<size_t>(o)] = static_cast<int32_t>(bias);
    }
    clear(o, i);
    (value == 0 ? nothing_ : biased_).insert(c);
  }

  void clear(int32_t o, int32_t i) {
    for (int32_t tap = 0; tap < s_.taps; ++tap) c_.weights[s_.at(o, tap, i)] = 0;
  }

  const Graph& graph_;
  const Node& node_;
  const WeightedSum& s_;
  const std::vector<Interval>& in_;
  channels::Coefficients c_;
  std::set<int32_t> settled_, nothing_, biased_;
};

}  // namespace

void fold_channels(Graph& graph, PassLog& log) {
  const ChannelRanges ranges = channel_ranges(graph);
  for (Node& node : graph.nodes) {
    const std::optional<WeightedSum> s = weighted_sum(graph, node);
    if (!s) continue;
    const Folder folder(graph, node, *s, ranges);
    if (!folder.changed()) continue;
    folder.note(log);
    channels::set_coefficients(graph, node, folder.coefficients());
  }
}

}  // namespace smelt
