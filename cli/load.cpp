#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <sstream>

#include "cli/commands.hpp"
#include "emit/emit.hpp"
#include "import/file.hpp"
#include "import/import.hpp"
#include "passes/pipeline.hpp"

namespace smelt::cli {

Progress::Progress(const std::string& what) : shown_(isatty(STDERR_FILENO) != 0) {
  if (shown_) std::fprintf(stderr, "\r\033[K%s ...", what.c_str());
}

Progress::~Progress() {
  if (shown_) std::fprintf(stderr, "\r\033[K");
}

std::string model_name(const Options& options) {
  return options.name.empty() ? identifier(std::filesystem::path(options.model).stem().string()) : options.name;
}

namespace {

Outcome read_labels(const std::string& path, Graph& graph) {
  constexpr int64_t limit = int64_t{1} << 20;
  const Result<Bytes> bytes = read_file(path, limit);
  if (!bytes) return bytes.failure();
  std::istringstream in(std::string(bytes->begin(), bytes->end()));
  graph.labels.clear();
  for (std::string line; std::getline(in, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (!line.empty()) graph.labels.push_back(line);
  }
  const int64_t classes = graph.outputs.empty() ? 0 : elements(graph.at(graph.outputs[0]).shape);
  if (static_cast<int64_t>(graph.labels.size()) != classes) {
    return Failure("E0605", path,
                   "holds " + std::to_string(graph.labels.size()) + " names, but the output has " + std::to_string(classes) + " elements",
                   "give one name for each element of the first output");
  }
  return Done{};
}

}  // namespace

Result<Compiled> load(const Options& options, bool keep_all_tensors) {
  if (!options.name.empty() && options.name != identifier(options.name)) {
    return Failure(ExitCode::usage, {"E0003", "--name " + options.name, "not a lower-case C identifier", "use " + identifier(options.name)});
  }
  Result<Graph> graph = read_model(options.model);
  if (!graph) return graph.failure();
  if (!options.labels.empty()) {
    if (Outcome o = read_labels(options.labels, *graph); !o) return o.failure();
  }
  Compiled compiled;
  compiled.original = *graph;
  PassLog log;
  PipelineOptions pipeline;
  pipeline.keep_all_tensors = keep_all_tensors;
  run_passes(*graph, log, pipeline);
  LowerOptions lowering;
  lowering.push = options.push;
  lowering.max_arena = static_cast<std::uint32_t>(std::min<std::uint64_t>(options.max_ram.value_or(0), UINT32_MAX));
  lowering.rings = options.optimize == "speed" ? plan::Rings::full
                   : options.optimize == "ram" ? plan::Rings::automatic
                                               : plan::Rings::balanced;
  Result<Program> program = lower(std::move(*graph), lowering);
  if (!program) return program.failure();
  compiled.program = std::move(*program);
  compiled.before = log.before;
  compiled.after = log.after;
  for (const PassLog::Line& line : log.lines) compiled.log.push_back(line.pass + ": " + line.text);
  return compiled;
}

}  // namespace smelt::cli
