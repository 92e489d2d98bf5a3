#include <algorithm>
#include <cstring>
#include <map>

#include "passes/channels.hpp"
#include "passes/pass.hpp"
#include "passes/rewrite.hpp"

namespace smelt {
namespace {

constexpr const char* pass = "remove channels";

/// By channel of a tensor: whether it stays.
using Kept = std::vector<char>;

size_t count(const Kept& kept) { return static_cast<size_t>(std::count(kept.begin(), kept.end(), 1)); }

/// Weighted sums whose channels can be removed one by one: all inputs in one group, or a group for each of them.
bool divisible(const WeightedSum& s) { return s.groups == 1 || s.depth == 1; }

/// Which channels stay, as the least fixed point of: what the model's outputs or operators that mix channels read stays;
/// what a weighted sum reads with a weight other than 0 for an output that stays, stays; tensors that share their
/// channels keep the same ones.
class Keeper {
 public:
  explicit Keeper(const Graph& graph) : graph_(graph), kept_(graph.tensors.size()) {
    for (size_t t = 0; t < kept_.size(); ++t) {
      const Shape& shape = graph.tensors[t].shape;
      kept_[t].assign(shape.empty() ? 1 : static_cast<size_t>(shape.back()), 0);
    }
    for (const auto* ids : {&graph.inputs, &graph.outputs}) {
      for (TensorId id : *ids) keep_all(id);
    }
    for (const Node& node : graph.nodes) sums_.push_back(weighted_sum(graph, node));
    do {
      do {
        changed_ = false;
        for (size_t n = graph.nodes.size(); n-- > 0;) visit(graph.nodes[n], sums_[n]);
      } while (changed_);
      keep_a_few();
    } while (changed_);
  }

  const Kept& of(TensorId id) const { return kept_[static_cast<size_t>(id)]; }
  const std::optional<WeightedSum>& sum(size_t node) const { return sums_[node]; }

 private:
  void visit(const Node& node, const std::optional<WeightedSum>& s) {
    if (s && divisible(*s)) return visit_sum(node, *s);
    const ChannelFlow flow = channel_flow(graph_, node);
    if (flow == ChannelFlow::each) {
      for (TensorId id : node.inputs) {
        if (!graph_.at(id).constant()) tie(id, node.out(), 0);
      }
    } else if (flow == ChannelFlow::joined) {
      size_t first = 0;
      for (TensorId id : node.inputs) {
        if (graph_.at(id).constant()) keep_all(id);
        tie(id, node.out(), first);
        first += static_cast<size_t>(graph_.at(id).shape.back());
      }
    } else {
      for (const auto* ids : {&node.inputs, &node.outputs}) {
        for (TensorId id : *ids) {
          if (id != no_tensor) keep_all(id);
        }
      }
    }
  }

  void visit_sum(const Node& node, const WeightedSum& s) {
    const Kept& out = of(node.out());
    const int32_t multiplier = s.outputs / s.groups;
    const Tensor& w = graph_.at(node.in(1));
    const std::vector<int8_t> weights(w.as<int8_t>(), w.as<int8_t>() + elements(w.shape));
    for (int32_t o = 0; o < s.outputs; ++o) {
      if (s.groups > 1) {  // outputs of one channel stay together, as there must be as many for each
        if (out[static_cast<size_t>(o)] != 0) keep(node.in(0), o / multiplier);
        if (of(node.in(0))[static_cast<size_t>(o / multiplier)] != 0) keep(node.out(), o);
        continue;
      }
      if (out[static_cast<size_t>(o)] == 0) continue;
      for (int32_t i = 0; i < s.depth; ++i) {
        if (channels::reads(s, weights, o, i)) keep(node.in(0), i);
      }
    }
  }

  /// Channel c of `id` is channel first + c of `out`.
  void tie(TensorId id, TensorId out, size_t first) {
    for (int32_t c = 0; c < static_cast<int32_t>(of(id).size()); ++c) {
      const auto o = static_cast<int32_t>(first) + c;
      if (of(id)[static_cast<size_t>(c)] != 0) keep(out, o);
      if (of(out)[static_cast<size_t>(o)] != 0) keep(id, c);
    }
  }

  /// A tensor has at least one channel. And two where weights have a scale for each: with a single scale the scales of
  /// some operators' sums are computed in another way.
  void keep_a_few() {
    for (size_t n = 0; n < graph_.nodes.size(); ++n) {
      const Node& node = graph_.nodes[n];
      for (TensorId out : node.outputs) {
        const bool scales = sums_[n] && graph_.at(node.in(1)).quant.per_channel();
        const size_t least = std::min<size_t>(scales ? 2 : 1, of(out).size());
        for (int32_t c = 0; count(of(out)) < least; ++c) keep(out, c);
      }
    }
  }

  void keep(TensorId id, int32_t c) {
    char& kept = kept_[static_cast<size_t>(id)][static_cast<size_t>(c)];
    changed_ = changed_ || kept == 0;
    kept = 1;
  }
  void keep_all(TensorId id) {
    for (size_t c = 0; c < of(id).size(); ++c) keep(id, static_cast<int32_t>(c));
  }

  const Graph& graph_;
  std::vector<Kept> kept_;
  std::vector<std::optional<WeightedSum>> sums_;
  bool changed_ = false;
};

template <class T>
std::vector<T> select(const std::vector<T>& all, const Kept& kept) {
  std::vector<T> chosen;
  for (size_t i = 0; i < all.size(); ++i) {
    if (kept[i] != 0) chosen.push_back(all[i]);
  }
  return chosen;
}

/// `t` with only the slices along dimension `axis` that stay.
Tensor slice(const Tensor& t, size_t axis, const Kept& kept) {
  Tensor result = t;
  result.shape[axis] = static_cast<int32_t>(count(kept));
  result.source = -1;
  if (t.quant.per_channel() && t.quant.axis == static_cast<int>(axis)) {
    result.quant.scale = select(t.quant.scale, kept);
    result.quant.zero_point = select(t.quant.zero_point, kept);
  }
  if (!t.constant()) return result;
  size_t block = static_cast<size_t>(size_of(t.dtype));
  for (size_t d = axis + 1; d < t.shape.size(); ++d) block *= static_cast<size_t>(t.shape[d]);
  Bytes bytes;
  for (size_t at = 0, i = 0; at < t.data->size(); at += block, i = (i + 1) % kept.size()) {
    const auto from = t.data->begin() + static_cast<std::ptrdiff_t>(at);
    if (kept[i] != 0) bytes.insert(bytes.end(), from, from + static_cast<std::ptrdiff_t>(block));
  }
  result.data = std::make_shared<const Bytes>(std::move(bytes));
  return result;
}

class Remover {
 public:
  Remover(Graph& graph, PassLog& log) : graph_(graph), log_(log), keeper_(graph) {
    for (size_t n = 0; n < graph.nodes.size(); ++n) shrink(n);
    for (const Node& node : graph.nodes) {
      for (TensorId id : node.outputs) {
        if (changes(id)) graph.at(id) = slice(graph.at(id), graph.at(id).shape.size() - 1, keeper_.of(id));
      }
    }
  }

 private:
  bool changes(TensorId id) const { return count(keeper_.of(id)) != keeper_.of(id).size(); }

  void shrink(size_t n) {
    Node& node = graph_.nodes[n];
    if (const std::optional<WeightedSum>& s = keeper_.sum(n); s && divisible(*s)) return shrink_sum(node, *s);
    if (!changes(node.out())) return;
    for (TensorId& id : node.inputs) {
      if (id == no_tensor || !graph_.at(id).constant() || graph_.at(id).shape.empty()) continue;
      const size_t last = graph_.at(id).shape.size() - 1;
      if (graph_.at(id).shape[last] == graph_.at(node.out()).shape.back()) {
        id = graph_.add(slice(graph_.at(id), last, keeper_.of(node.out())));
      }
    }
  }

  void shrink_sum(Node& node, const WeightedSum& s) {
    const Kept& out = keeper_.of(node.out());
    const Kept& in = keeper_.of(node.in(0));
    if (changes(node.out())) {
      const size_t axis = s.outputs_last ? graph_.at(node.in(1)).shape.size() - 1 : 0;
      node.inputs[1] = graph_.add(slice(graph_.at(node.in(1)), axis, out));
      if (node.in(2) != no_tensor) {
        Tensor bias = graph_.at(node.in(2));
        bias.shape = {s.outputs};
        if (bias.quant.per_channel()) bias.quant.axis = 0;
        node.inputs[2] = graph_.add(slice(bias, 0, out));
      }
      log_.note(pass, rewrite::describe(graph_, node) + ": " + channels::of(out.size() - count(out), s.outputs) +
                          " output channels go, as no one reads them with a weight other than 0");
    }
    if (s.groups > 1 || !changes(node.in(0))) return;
    // A fully connected layer's weights have the channels as the last of the dimensions that its vectors stand for.
    Tensor w = graph_.at(node.in(1));
    const Shape shape = w.shape;
    w.shape = {w.shape[0], s.taps, s.depth};
    const Quantization quant = w.quant;
    w.quant = {};
    w = slice(w, 2, in);
    w.quant = quant;
    const int32_t depth = w.shape[2];
    w.shape = shape;
    w.shape.back() = shape.back() / s.depth * depth;
    node.inputs[1] = graph_.add(std::move(w));
  }

  Graph& graph_;
  PassLog& log_;
  Keeper keeper_;
};

}  // namespace

void remove_channels(Graph& graph, PassLog& log) { Remover(graph, log); }

}  // namespace smelt
