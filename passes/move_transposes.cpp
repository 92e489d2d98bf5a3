// Models that keep channels first bring transpositions around every layer of the IR, whose layers keep them last. Here they
// move past operators that can do without them, meet others, and cancel.
//
// Transpositions and reshapes that only add or drop dimensions of 1 are one thing: a tensor ("root") seen in another order
// of dimensions (ops/view.hpp). What readers want of a root is a set of such orders, and each that moves elements costs its
// bytes. An operator that makes the same results in another order of dimensions is put there
// where all of that gets cheaper; or stays as expensive, but the move is behind it, where others may gain. As that stops
// where tensors first grow and then shrink, it is tried a second time from where all transpositions have sunk as far as
// they can, and the cheaper of both is taken.
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "ops/view.hpp"
#include "passes/pass.hpp"
#include "passes/rewrite.hpp"
#include "passes/row_layout.hpp"

namespace smelt {
namespace {

constexpr const char* pass = "move transposes";

/// A tensor as another one in another order.
struct Seen {
  TensorId root;
  DimOrder order;
};

/// Bytes moved; then nodes, even those that move none.
struct Cost {
  int64_t moves = 0;
  int64_t nodes = 0;
  Cost& operator+=(const Cost& c) {
    moves += c.moves;
    nodes += c.nodes;
    return *this;
  }
  bool operator<(const Cost& c) const { return std::tie(moves, nodes) < std::tie(c.moves, c.nodes); }
  bool operator==(const Cost& c) const = default;
};

/// What is wanted of a root: by whom counts nothing, an order that is there serves all.
using Orders = std::set<DimOrder>;

class Mover {
 public:
  explicit Mover(Graph& graph) : graph_(graph) {}

  /// `sink`: first everything down, whatever it costs.
  void run(bool sink) {
    look();
    // Each node once, counted from the end, where nothing is inserted: two operands in different orders would take
    // turns.
    for (size_t behind = graph_.nodes.size(); sink && behind-- > 0;) {
      if (sink_past(graph_.nodes.size() - 1 - behind)) look();
    }
    // Each change takes cost away or moves a transposition towards the outputs. The bound keeps hostile files short.
    const size_t enough = std::min(graph_.nodes.size() + 16, (size_t{1} << 22) / (graph_.nodes.size() + 1));
    for (size_t left = enough; left > 0 && change(); --left) look();
    materialize();
  }

 private:
  /// The node as an order of its input's dimensions; empty where it is something else.
  std::optional<DimOrder> order_of(const Node& node) const {
    const OpDef& op = rewrite::op_of(node);
    if (op.view == nullptr || node.inputs.size() != 1 || node.outputs.size() != 1) return std::nullopt;
    const Tensor& in = graph_.at(node.in(0));
    const Tensor& out = graph_.at(node.out());
    if (in.dtype != out.dtype || !(in.quant == out.quant)) return std::nullopt;
    return op.view(graph_, node);
  }

  /// Fills in what every tensor is, and what is wanted of every root.
  void look() {
    seen_.clear();
    wanted_.clear();
    readers_.assign(graph_.tensors.size(), {});
    for (size_t i = 0; i < graph_.tensors.size(); ++i) {
      seen_.push_back({static_cast<TensorId>(i), view::identity(graph_.tensors[i].shape.size())});
    }
    for (size_t n = 0; n < graph_.nodes.size(); ++n) {
      const Node& node = graph_.nodes[n];
      if (const auto order = order_of(node)) {
        const Seen& in = seen(node.in(0));
        seen_[static_cast<size_t>(node.out())] = {in.root, view::compose(*order, in.order)};
      } else {
        for (TensorId id : node.inputs) want(id);
        for (TensorId id : node.inputs) {
          if (id != no_tensor) readers_[static_cast<size_t>(seen(id).root)].insert(n);
        }
      }
    }
    for (TensorId id : graph_.outputs) want(id);
  }

  const Seen& seen(TensorId id) const { return seen_[static_cast<size_t>(id)]; }
  void want(TensorId id) {
    if (id != no_tensor) wanted_[seen(id).root].insert(seen(id).order);
  }

  Cost cost(TensorId root, const DimOrder& order) const { return cost(graph_.at(root), order); }
  static Cost cost(const Tensor& root, const DimOrder& order) {
    if (root.constant() || order == view::identity(root.shape.size())) return {};
    return {view::keeps_order(order, root.shape) ? 0 : root.bytes(), 1};
  }
  static Cost cost(const Tensor& root, const Orders& orders) {
    Cost sum;
    for (const DimOrder& o : orders) sum += cost(root, o);
    return sum;
  }

  bool change() {
    for (size_t n = 0; n < graph_.nodes.size(); ++n) {
      const Node& node = graph_.nodes[n];
      if (order_of(node) || rewrite::op_of(node).under_view == nullptr || node.outputs.empty()) continue;
      for (const DimOrder& order : candidates(node)) {
        if (try_order(n, order)) return true;
      }
    }
    return false;
  }

  /// Puts a node in front of the transposition that it reads.
  bool sink_past(size_t n) {
    const Node& node = graph_.nodes[n];
    if (order_of(node) || rewrite::op_of(node).under_view == nullptr || node.outputs.empty()) return false;
    for (TensorId id : node.inputs) {
      if (id == no_tensor || graph_.at(id).constant() || cost(seen(id).root, seen(id).order).moves == 0) continue;
      return try_order(n, view::inverse(seen(id).order, graph_.at(seen(id).root).shape.size()), true);
    }
    return false;
  }

  /// Orders in which an operand or a reader would need no transposition.
  std::set<DimOrder> candidates(const Node& node) const {
    std::set<DimOrder> orders;
    const size_t rank = graph_.at(node.out()).shape.size();
    for (TensorId id : node.inputs) {
      if (id == no_tensor || graph_.at(id).constant() || graph_.at(id).shape.size() != rank) continue;
      orders.insert(view::inverse(seen(id).order, graph_.at(seen(id).root).shape.size()));
    }
    for (TensorId id : node.outputs) {
      const auto at = wanted_.find(id);
      if (at != wanted_.end()) orders.insert(at->second.begin(), at->second.end());
    }
    orders.erase(view::identity(rank));
    return orders;
  }

  /// How operand `id` of a node of this rank is seen with leading dimensions of 1 added.
  Seen expanded(TensorId id, size_t rank) const {
    const Seen& s = seen(id);
    DimOrder order(rank - graph_.at(id).shape.size(), -1);
    order.insert(order.end(), s.order.begin(), s.order.end());
    return {s.root, order};
  }

  /// What is wanted of a root but for what this node wants alone.
  Orders wanted_by_others(TensorId root, size_t n) const {
    Orders orders;
    for (size_t r : readers_[static_cast<size_t>(root)]) {
      if (r == n) continue;
      for (TensorId id : graph_.nodes[r].inputs) {
        if (id != no_tensor && seen(id).root == root) orders.insert(seen(id).order);
      }
    }
    for (TensorId id : graph_.outputs) {
      if (seen(id).root == root) orders.insert(seen(id).order);
    }
    return orders;
  }

  bool try_order(size_t n, const DimOrder& order, bool whatever_it_costs = false) {
    const Node node = graph_.nodes[n];
    const size_t rank = graph_.at(node.out()).shape.size();
    Cost before, after;
    std::map<TensorId, std::pair<Orders, Orders>> roots;  // wanted before and after
    for (TensorId id : node.inputs) {
      if (id == no_tensor) return false;
      const Shape& shape = graph_.at(id).shape;
      if (shape.size() > rank) return false;
      const Seen in = expanded(id, rank);
      Shape wide_shape(rank - shape.size(), 1);
      wide_shape.insert(wide_shape.end(), shape.begin(), shape.end());
      if (!view::fits(order, wide_shape)) return false;
      auto [at, fresh] = roots.try_emplace(in.root);
      if (fresh) at->second.first = at->second.second = wanted_by_others(in.root, n);
      at->second.first.insert(seen(id).order);
      at->second.second.insert(view::compose(order, in.order));
    }
    for (const auto& [root, orders] : roots) {
      const Cost was = cost(graph_.at(root), orders.first), is = cost(graph_.at(root), orders.second);
      before += was;
      after += is;
    }
    const bool moves_down = after.moves < before.moves;  // what the operands gain, the results may cost
    const DimOrder back = view::inverse(order, rank);
    for (TensorId id : node.outputs) {
      const Tensor& out = graph_.at(id);
      if (out.shape.size() != rank || !view::fits(order, out.shape)) return false;
      const auto at = wanted_.find(id);
      if (at == wanted_.end()) continue;
      Tensor turned = out;
      turned.shape = view::apply(order, out.shape);
      Orders orders;
      for (const DimOrder& o : at->second) orders.insert(view::compose(o, back));
      before += cost(out, at->second);
      after += cost(turned, orders);
    }
    if (!whatever_it_costs && !(after < before) && !(after == before && moves_down)) return false;
    return put(n, order, back);
  }

  /// Puts node n into that order, if its operator can; its outputs stay what they were, made from the new ones.
  bool put(size_t n, const DimOrder& order, const DimOrder& back) {
    const size_t nodes = graph_.nodes.size(), tensors = graph_.tensors.size();
    Node turned = graph_.nodes[n];
    const std::optional<Attrs> attrs = rewrite::op_of(turned).under_view(graph_, turned, order);
    if (!attrs || tensors + 8 * turned.inputs.size() > max_graph_tensors || nodes + 4 * turned.inputs.size() + 8 > max_graph_nodes) return false;
    turned.attrs = *attrs;
    const size_t rank = graph_.at(turned.out()).shape.size();
    std::vector<Node> in, out;
    for (TensorId& id : turned.inputs) {
      const Seen from = expanded(id, rank);
      id = make(from.root, view::compose(order, from.order), no_tensor, in);
    }
    for (TensorId& id : turned.outputs) {
      Tensor t = graph_.at(id);
      t.shape = view::apply(order, t.shape);
      t.source = -1;
      const TensorId made = graph_.add(std::move(t));
      make(made, back, id, out);
      id = made;
    }
    if (!types_hold(graph_, turned)) {
      graph_.tensors.resize(tensors);
      return false;
    }
    const auto at = static_cast<std::ptrdiff_t>(n);
    graph_.nodes[n] = std::move(turned);
    graph_.nodes.insert(graph_.nodes.begin() + at + 1, out.begin(), out.end());
    graph_.nodes.insert(graph_.nodes.begin() + at, in.begin(), in.end());
    return true;
  }

  /// The nodes that make `order` of a root, as tensor `as` or a new one. Constants are put into that order here.
  TensorId make(TensorId root, const DimOrder& order, TensorId as, std::vector<Node>& nodes) {
    const Tensor from = graph_.at(root);
    if (order == view::identity(from.shape.size()) && as == no_tensor) return root;
    Tensor last = from;
    last.shape = view::apply(order, from.shape);
    last.source = -1;
    if (from.constant() && as == no_tensor) {
      last.data = std::make_shared<const Bytes>(reordered(*from.data, from.shape, order, static_cast<size_t>(size_of(from.dtype))));
      if (last.quant.per_channel()) last.quant.axis = std::max(view::place_of(order, from.quant.axis), 0);
      return graph_.add(std::move(last));
    }
    last.data = nullptr;
    TensorId source = root;
    if (!view::keeps_order(order, from.shape)) {
      DimOrder perm;  // dropped dimensions first, then the others in their new order
      for (size_t d = 0; d < from.shape.size(); ++d) {
        if (view::place_of(order, static_cast<int64_t>(d)) < 0) perm.push_back(static_cast<int>(d));
      }
      for (int d : order) {
        if (d >= 0) perm.push_back(d);
      }
      Node node{"transpose", {root}, {}, {}, -1};
      node.attrs.set("perm", std::vector<int64_t>(perm.begin(), perm.end()));
      Tensor t = last;
      t.shape = view::apply(perm, from.shape);
      const bool done = t.shape == last.shape;
      source = done && as != no_tensor ? as : graph_.add(std::move(t));
      node.outputs = {source};
      nodes.push_back(std::move(node));
      if (done) return source;
    }
    const TensorId out = as != no_tensor ? as : graph_.add(std::move(last));
    nodes.push_back({"reshape", {source}, {out}, {}, -1});
    return out;
  }

  /// Every order that is wanted, made from its root at one stroke, once.
  void materialize() {
    std::map<std::pair<TensorId, DimOrder>, TensorId> made;
    std::vector<Node> nodes;
    for (const Node& old : graph_.nodes) {
      Node node = old;
      if (order_of(old)) {
        if (!graph_.is_output(old.out())) continue;
        const Seen& s = seen(old.out());
        const size_t count = nodes.size();
        make(s.root, s.order, old.out(), nodes);
        if (nodes.size() == count + 1) nodes.back().source = old.source;
        made.try_emplace({s.root, s.order}, old.out());
        continue;
      }
      for (TensorId& id : node.inputs) {
        if (id == no_tensor || seen(id).root == id) continue;
        const Seen s = seen(id);
        if (s.order == view::identity(graph_.at(s.root).shape.size())) {
          id = s.root;
          continue;
        }
        auto [at, fresh] = made.try_emplace({s.root, s.order}, no_tensor);
        if (fresh) at->second = make(s.root, s.order, graph_.at(s.root).constant() || graph_.is_output(id) ? no_tensor : id, nodes);
        id = at->second;
      }
      nodes.push_back(std::move(node));
    }
    graph_.nodes = std::move(nodes);
  }

  Graph& graph_;
  std::vector<Seen> seen_;
  std::map<TensorId, Orders> wanted_;  ///< of roots
  std::vector<std::set<size_t>> readers_;  ///< of roots: nodes that are no views
};

/// Transpositions that move elements, and the bytes that they move.
std::pair<size_t, int64_t> moves_of(const Graph& graph) {
  std::pair<size_t, int64_t> moves{0, 0};
  for (const Node& node : graph.nodes) {
    const OpDef& op = rewrite::op_of(node);
    const auto order = op.view != nullptr ? op.view(graph, node) : std::nullopt;
    if (!order || view::keeps_order(*order, graph.at(node.in(0)).shape)) continue;
    ++moves.first;
    moves.second += graph.at(node.in(0)).bytes();
  }
  return moves;
}

}  // namespace

void move_transposes(Graph& graph, PassLog& log) {
  const auto before = moves_of(graph);
  if (before.first == 0) return;
  constexpr size_t large = 2048;  // nodes, beyond which one try must do
  Graph moved = graph;
  Mover(moved).run(false);
  if (graph.nodes.size() < large && moves_of(moved).first > 0) {
    Graph sunk = graph;
    Mover(sunk).run(true);
    if (moves_of(sunk).second < moves_of(moved).second) moved = std::move(sunk);
  }
  const auto after = moves_of(moved);
  if (after.first != before.first) log.note(pass, std::to_string(before.first) + " became " + std::to_string(after.first));
  graph = std::move(moved);
}

}  // namespace smelt
