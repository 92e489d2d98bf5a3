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
#include "targets/target.hpp"

namespace smelt::cli {

Progress::Progress(const std::string& what) : shown_(isatty(STDERR_FILENO) != 0) {
  if (shown_) std::fprintf(stderr, "\r\033[K%s ...", what.c_str());
}

Progress::~Progress() {
  if (shown_) std::fprintf(stderr, "\r\033[K");
}

void ProgressBar::show(std::size_t done, std::size_t all) {
  const auto now = std::chrono::steady_clock::now();
  if (isatty(STDERR_FILENO) == 0 || now - start_ < std::chrono::seconds(1) || now - last_ < std::chrono::milliseconds(50)) return;
  last_ = now;
  shown_ = true;
  constexpr std::size_t width = 30;
  if (all == 0) {
    std::fprintf(stderr, "\r\033[K%s ... %.0f s", what_.c_str(), std::chrono::duration<double>(now - start_).count());
    return;
  }
  const std::string bar = std::string(width * done / all, '#') + std::string(width - width * done / all, '.');
  std::fprintf(stderr, "\r\033[K%s [%s] %zu of %zu", what_.c_str(), bar.c_str(), done, all);
}

ProgressBar::~ProgressBar() {
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

std::string tenants(const Program& p, bool ram) {
  std::vector<std::pair<std::uint64_t, std::string>> found;
  if (ram) {
    for (std::size_t b = 0; b < p.problem.buffers.size(); ++b) {
      const plan::Buffer& buffer = p.problem.buffers[b];
      const plan::Ring& ring = p.plan.buffers[b];
      std::string what = "tensor \"" + buffer.name + "\", " + std::to_string(ring.depth) + " of " + std::to_string(buffer.rows) + " rows";
      if (buffer.input) what += " (input)";
      if (buffer.output) what += " (output)";
      if (buffer.state) what += " (state)";
      found.emplace_back(static_cast<std::uint64_t>(ring.depth) * static_cast<std::uint64_t>(buffer.row_bytes), what);
    }
  } else {
    for (const ConstantPool::Entry& e : p.constants.entries()) {
      const std::uint64_t element = e.type == "int8_t" || e.type == "uint8_t" ? 1 : e.type == "int16_t" ? 2 : 4;
      found.emplace_back(e.count * element, e.name + " (" + e.type + ")");
    }
  }
  std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  std::string text;
  for (std::size_t i = 0; i < found.size() && i < 5; ++i) text += "\n    " + grouped(found[i].first) + "  " + found[i].second;
  return text;
}

Result<Graph> read_graph(const Options& options) {
  ImportOptions import;
  for (const std::string& text : options.shapes) {
    const size_t at = text.rfind('=');
    Shape shape;
    std::istringstream sizes(at == std::string::npos ? "" : text.substr(at + 1));
    for (std::string size; std::getline(sizes, size, 'x');) {
      const bool sound = !size.empty() && size.size() < 9 && size.find_first_not_of("0123456789") == std::string::npos;
      shape.push_back(sound ? std::stoi(size) : 0);
    }
    if (shape.empty() || std::find(shape.begin(), shape.end(), 0) != shape.end()) {
      return Failure(ExitCode::usage, {"E0001", "--shape " + text, "not a name and a shape", "for instance --shape input=1x49x10x1"});
    }
    import.shapes[text.substr(0, at)] = shape;
  }
  return read_model(options.model, import);
}

namespace {

/// Inputs and outputs in the order of rows, and a line on each.
RowLayout take_rows(const Options& options, Graph& graph, std::vector<std::string>& log) {
  if (options.keep_layout) {
    return {std::vector<std::optional<PortLayout>>(graph.inputs.size()), std::vector<std::optional<PortLayout>>(graph.outputs.size())};
  }
  RowLayout layout = smelt::take_rows(graph);
  const auto note = [&](const char* what, TensorId id, const std::optional<PortLayout>& port) {
    if (!port) return;
    log.push_back(std::string("layout: ") + what + " \"" + graph.at(id).name + "\" " + to_string(port->file) + " of the file is " +
                  to_string(graph.at(id).shape) + " here; --keep-layout keeps the file's order");
  };
  for (size_t i = 0; i < graph.inputs.size(); ++i) note("input", graph.inputs[i], layout.inputs[i]);
  for (size_t i = 0; i < graph.outputs.size(); ++i) note("output", graph.outputs[i], layout.outputs[i]);
  return layout;
}

}  // namespace

Result<Compiled> load_unplanned(const Options& options) {
  Result<Graph> graph = read_graph(options);
  if (!graph) return graph.failure();
  if (!options.labels.empty()) {
    if (Outcome o = read_labels(options.labels, *graph); !o) return o.failure();
  }
  Compiled compiled;
  compiled.layout = take_rows(options, *graph, compiled.log);
  compiled.original = std::move(*graph);
  return compiled;
}

Result<Compiled> load(const Options& options, bool keep_all_tensors) {
  if (!options.name.empty() && options.name != identifier(options.name)) {
    return Failure(ExitCode::usage, {"E0003", "--name " + options.name, "not a lower-case C identifier", "use " + identifier(options.name)});
  }
  const Result<targets::Target> target = targets::load_target(options.target);
  if (!target) return target.failure();
  Result<Compiled> unplanned = load_unplanned(options);
  if (!unplanned) return unplanned;
  Compiled compiled = std::move(*unplanned);
  PassLog log;
  const Work before = work_of(compiled.original);
  Graph file = compiled.original;
  if (define_integers(compiled.original, log)) compiled.file = std::move(file);
  Graph graph = compiled.original;
  PipelineOptions pipeline;
  pipeline.keep_all_tensors = keep_all_tensors;
  run_passes(graph, log, pipeline);
  LowerOptions lowering;
  lowering.push = options.push;
  lowering.max_arena = static_cast<std::uint32_t>(std::min<std::uint64_t>(options.max_ram.value_or(0), UINT32_MAX));
  lowering.rings = options.optimize == "speed" ? plan::Rings::fastest
                   : options.optimize == "ram" ? plan::Rings::automatic
                                               : plan::Rings::balanced;
  lowering.vector = target->vector;
  Result<Program> program = lower(std::move(graph), lowering);
  if (!program) return program.failure();
  compiled.program = std::move(*program);
  compiled.before = before;
  compiled.after = log.after;
  for (const PassLog::Line& line : log.lines) compiled.log.push_back(line.pass + ": " + line.text);
  return compiled;
}

Result<Compiled> load_within_limit(const Options& options) {
  Result<Compiled> compiled = load(options);
  if (!compiled) return compiled;
  const std::uint32_t arena = compiled->program.plan.arena_bytes;
  if (options.max_ram && arena > *options.max_ram) {
    return Failure(ExitCode::mismatch, {"E0801", options.model, "needs an arena of " + grouped(arena) + " bytes, the limit is " + grouped(*options.max_ram),
                                        "largest tenants of the arena:" + short_names(tenants(compiled->program, true))});
  }
  return compiled;
}

}  // namespace smelt::cli
