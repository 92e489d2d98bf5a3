#include <cstdio>
#include <filesystem>

#include "cli/commands.hpp"
#include "emit/emit.hpp"
#include "export/tflite.hpp"
#include "passes/pipeline.hpp"

namespace smelt::cli {

Result<ExitCode> convert(const Options& options) {
  Result<Graph> graph = read_graph(options);
  if (!graph) return graph.failure();
  const std::size_t read = graph->nodes.size();
  if (!options.as_read) {
    PassLog log;
    PipelineOptions pipeline;
    pipeline.writable = true;
    run_passes(*graph, log, pipeline);
  }
  const Result<Bytes> bytes = to_tflite(*graph);
  if (!bytes) return bytes.failure();
  if (Outcome o = write_file(options.output, {bytes->begin(), bytes->end()}); !o) return o.failure();
  const std::string model = std::filesystem::path(options.model).filename().string();
  if (options.json) {
    const Json json = {{"model", model}, {"output", options.output}, {"bytes", bytes->size()},
                       {"operators", {{"read", read}, {"written", graph->nodes.size()}}}};
    std::printf("%s", text(json).c_str());
  } else {
    std::printf("%s: %zu operators, %s bytes (from %zu operators of %s)\n", options.output.c_str(), graph->nodes.size(),
                grouped(bytes->size()).c_str(), read, model.c_str());
  }
  return ExitCode::ok;
}

}  // namespace smelt::cli
