#include "passes/pipeline.hpp"

namespace smelt {

std::string PassLog::to_string() const {
  std::string text;
  for (const Line& line : lines) text += line.pass + ": " + line.text + "\n";
  return text;
}

void run_passes(Graph& graph, PassLog& log, const PipelineOptions& options) {
  const auto run = [&](const char* name, void (*pass)(Graph&, PassLog&)) {
    pass(graph, log);
    const Outcome sound = verify_graph(graph);
    SMELT_ASSERT(sound.ok(), std::string(name) + " broke the graph:\n" + (sound ? "" : sound.failure().to_string()));
    if (options.dump) options.dump(name, graph);
  };

  // What is known now need not be computed on the device.
  run("fold constants", fold_constants);
  if (options.keep_all_tensors) {
    run("remove unused tensors", remove_unused_tensors);
    return;
  }
  // Nodes that only rename bytes stand between others that could be fused; they go first, and with them what only fed
  // them, since a fusion wants to be its operand's single reader.
  run("remove reshapes", remove_reshapes);
  run("remove identities", remove_identities);
  run("remove dead", remove_dead);
  // Two nodes in one: less memory traffic, and a tensor less to hold.
  run("fuse padding", fuse_padding);
  run("fuse activations", fuse_activations);
  run("remove dead", remove_dead);
}

}  // namespace smelt
