#include "passes/pipeline.hpp"

#include <algorithm>

#include "ops/op.hpp"
#include "passes/spell_out.hpp"

namespace smelt {

std::string PassLog::to_string() const {
  std::string text;
  for (const Line& line : lines) text += line.pass + ": " + line.text + "\n";
  return text;
}

Work work_of(const Graph& graph) {
  Work work;
  for (const Node& node : graph.nodes) {
    const OpDef* op = find_op(node.op);
    for (TensorId id : node.outputs) work.tensor_bytes += graph.at(id).bytes();
    if (op->macs == nullptr) continue;
    work.macs += op->macs(graph, node);
    if (node.in(1) != no_tensor && graph.at(node.in(1)).constant()) work.weights += elements(graph.at(node.in(1)).shape);
  }
  return work;
}

namespace {

/// Runs passes by name, and sees to it that each leaves a sound graph.
struct Runner {
  Graph& graph;
  PassLog& log;
  const std::function<void(const char* pass, const Graph&)>& dump;

  void operator()(const char* name, void (*pass)(Graph&, PassLog&)) const {
    pass(graph, log);
    const Outcome sound = verify_graph(graph);
    SMELT_ASSERT(sound.ok(), std::string(name) + " broke the graph:\n" + (sound ? "" : sound.failure().to_string()));
    if (dump) dump(name, graph);
  }
};

/// What a file says once its layout and its constants are ours, layers of floats between quantizations in integers.
void settle(const Runner& run) {
  // Layers keep channels last; models that keep them first come with transpositions.
  run("move transposes", move_transposes);
  run("reorder weights", reorder_weights);
  // Nodes that only rename bytes stand between others that could be fused; they go first, and with them what only fed
  // them, since a fusion wants to be its operand's single reader.
  run("remove reshapes", remove_reshapes);
  run("remove identities", remove_identities);
  run("remove dead", remove_dead);
  // Two nodes in one: less memory traffic, and a tensor less to hold. Floats first, as what a file quantizes is the result
  // of both.
  run("fold scales", fold_scales);
  run("fuse activations", fuse_activations);
  run("use integers", use_integers);
  run("fold constants", fold_constants);
  run("remove identities", remove_identities);
  run("remove dead", remove_dead);
}

}  // namespace

bool define_integers(Graph& graph, PassLog& log) {
  const auto marked = [](const Node& node) { return node.attrs.i("qdq") != 0; };
  if (std::none_of(graph.nodes.begin(), graph.nodes.end(), marked)) return false;
  Graph integers = graph;
  PassLog said;
  const Runner run{integers, said, {}};
  run("fold constants", fold_constants);
  settle(run);
  if (std::none_of(said.lines.begin(), said.lines.end(), [](const auto& line) { return line.pass == "use integers"; })) return false;
  graph = std::move(integers);
  log = std::move(said);
  return true;
}

void run_passes(Graph& graph, PassLog& log, const PipelineOptions& options) {
  const Runner run{graph, log, options.dump};
  log.before = work_of(graph);
  // What is known now need not be computed on the device.
  run("fold constants", fold_constants);
  if (options.keep_all_tensors) {
    run("remove unused tensors", remove_unused_tensors);
    log.after = work_of(graph);
    return;
  }
  settle(run);
  run("fuse padding", fuse_padding);
  run("fuse activations", fuse_activations);
  if (options.writable) run("spell out", spell_out);
  if (!options.writable) run("compose lookups", compose_lookups);
  // With windows and clamps final: what is constant or equal to something else is not computed. Weights that were added
  // up may come to zero, and so make a further channel constant.
  for (size_t lines = log.lines.size() + 1; lines != log.lines.size();) {
    lines = log.lines.size();
    run("fold channels", fold_channels);
    run("merge channels", merge_channels);
    run("remove channels", remove_channels);
  }
  run("remove dead", remove_dead);
  log.after = work_of(graph);
}

}  // namespace smelt
