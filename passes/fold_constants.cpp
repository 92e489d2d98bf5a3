#include "ops/fold.hpp"
#include "passes/pass.hpp"
#include "passes/rewrite.hpp"

namespace smelt {

void fold_constants(Graph& graph, PassLog& log) {
  std::vector<char> folded(graph.nodes.size(), 0);
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    if (!fold(graph, graph.nodes[i])) continue;
    folded[i] = 1;
    log.note("fold constants", rewrite::describe(graph, graph.nodes[i]) + " became a constant");
  }
  rewrite::erase_nodes(graph, folded);
}

}  // namespace smelt
