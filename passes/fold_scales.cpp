#include "passes/pass.hpp"
#include "passes/rewrite.hpp"

namespace smelt {

void fold_scales(Graph& graph, PassLog& log) {
  for (size_t i = 0; i < graph.nodes.size();) {
    const Node scaling = graph.nodes[i++];
    const OpDef& op = rewrite::op_of(scaling);
    const auto affine = op.channel_affine != nullptr ? op.channel_affine(graph, scaling) : std::nullopt;
    const TensorId between = scaling.in(0);
    const int made_by = affine ? graph.producer(between) : -1;
    if (made_by < 0 || rewrite::uses(graph, between) != 1) continue;
    Node& producer = graph.nodes[static_cast<size_t>(made_by)];
    const OpDef& into = rewrite::op_of(producer);
    if (into.scale_output == nullptr || graph.at(scaling.out()).shape != graph.at(between).shape ||
        !into.scale_output(graph, producer, affine->scale, affine->shift)) {
      continue;
    }
    log.note("fold scales", rewrite::describe(graph, scaling) + " became a part of " + rewrite::describe(graph, producer));
    producer.outputs[0] = scaling.out();
    graph.nodes.erase(graph.nodes.begin() + static_cast<std::ptrdiff_t>(--i));
  }
}

}  // namespace smelt
