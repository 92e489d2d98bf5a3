#include <algorithm>

#include "passes/pass.hpp"
#include "passes/rewrite.hpp"

namespace smelt {

void remove_dead(Graph& graph, PassLog& log) {
  std::vector<char> needed(graph.tensors.size(), 0);
  for (TensorId id : graph.outputs) needed[static_cast<size_t>(id)] = 1;
  std::vector<char> dead(graph.nodes.size(), 0);
  for (size_t i = graph.nodes.size(); i-- > 0;) {
    const Node& node = graph.nodes[i];
    if (std::none_of(node.outputs.begin(), node.outputs.end(),
                     [&](TensorId id) { return needed[static_cast<size_t>(id)]; })) {
      dead[i] = 1;
      log.note("remove dead", "nothing needs " + rewrite::describe(graph, node));
      continue;
    }
    for (TensorId id : node.inputs) {
      if (id != no_tensor) needed[static_cast<size_t>(id)] = 1;
    }
  }
  rewrite::erase_nodes(graph, dead);
  remove_unused_tensors(graph, log);
}

void remove_unused_tensors(Graph& graph, PassLog& log) {
  std::vector<TensorId> renumbered(graph.tensors.size(), no_tensor);
  const auto each_mention = [&](auto visit) {
    const auto all = [&](std::vector<TensorId>& ids) {
      for (TensorId& id : ids) {
        if (id != no_tensor) visit(id);
      }
    };
    all(graph.inputs);
    all(graph.outputs);
    for (Node& node : graph.nodes) {
      all(node.inputs);
      all(node.outputs);
    }
  };
  each_mention([&](TensorId id) { renumbered[static_cast<size_t>(id)] = 0; });
  std::vector<Tensor> kept;
  for (size_t i = 0; i < graph.tensors.size(); ++i) {
    if (renumbered[i] == no_tensor) continue;
    renumbered[i] = static_cast<TensorId>(kept.size());
    kept.push_back(std::move(graph.tensors[i]));
  }
  if (kept.size() != graph.tensors.size()) {
    log.note("remove dead", std::to_string(graph.tensors.size() - kept.size()) + " unused tensors");
  }
  graph.tensors = std::move(kept);
  each_mention([&](TensorId& id) { id = renumbered[static_cast<size_t>(id)]; });
}

}  // namespace smelt
