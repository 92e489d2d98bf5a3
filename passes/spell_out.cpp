#include "passes/spell_out.hpp"

#include "ops/sequence_lstm.hpp"
#include "passes/rewrite.hpp"

namespace smelt {

void spell_out(Graph& graph, PassLog& log) {
  std::vector<Node> nodes;
  for (const Node& node : std::vector<Node>(graph.nodes)) {
    const std::vector<Node> several = spell_out_lstm(graph, node);
    if (!several.empty()) log.note("spell out", rewrite::describe(graph, node) + " became " + std::to_string(several.size()) + " nodes");
    if (several.empty()) nodes.push_back(node);
    nodes.insert(nodes.end(), several.begin(), several.end());
  }
  graph.nodes = std::move(nodes);
}

}  // namespace smelt
