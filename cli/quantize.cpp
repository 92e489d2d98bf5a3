#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <numeric>

#include "cli/commands.hpp"
#include "cli/quantize_report.hpp"
#include "cli/tensors.hpp"
#include "data/dataset.hpp"
#include "emit/emit.hpp"
#include "export/tflite.hpp"
#include "passes/pipeline.hpp"
#include "quantize/search.hpp"
#include "targets/target.hpp"

namespace smelt::cli {
namespace {

using namespace quantize;

Failure usage(const std::string& option, const std::string& reason, const std::string& help) {
  return Failure(ExitCode::usage, {"E0903", option, reason, help});
}

/// "0..1" as two numbers.
Result<RealRange> parse_pixels(const std::string& text) {
  const size_t dots = text.find("..");
  char* end = nullptr;
  const std::string low = text.substr(0, dots), high = dots == std::string::npos ? "" : text.substr(dots + 2);
  const float black = std::strtof(low.c_str(), &end);
  const bool first = !low.empty() && *end == '\0';
  const float white = std::strtof(high.c_str(), &end);
  if (!first || high.empty() || *end != '\0') return usage("--pixels " + text, "no range", "give what 0 and 255 become, e.g. 0..1, -1..1 or 0..255");
  return RealRange{black, white};
}

/// The layer that the report shows under this name.
std::string full_name(const Graph& graph, const std::string& shown) {
  for (const Node& node : graph.nodes) {
    const std::string& name = graph.at(node.out()).name;
    if (layer_name(name) == shown) return name;
  }
  return shown;
}

Result<Settings> settings_of(const QuantizeOptions& q, const Graph& graph) {
  Settings s;
  s.powers_of_two = q.scheme == "int8-pow2";
  s.half_weights = q.scheme == "float16";
  s.form = q.scheme == "int16x8" ? Form::int16x8 : s.half_weights ? Form::float32 : Form::int8;
  s.range = q.range == "mse" ? RangeMethod::mse : q.range == "percentile" ? RangeMethod::percentile : RangeMethod::minmax;
  s.per_channel = !q.per_tensor;
  s.correct_bias = !q.no_bias_correction;
  if (q.io == "float32") s.io = Form::float32;
  for (const std::string& layer : q.layers) {
    const size_t at = layer.rfind('=');
    const std::optional<Form> form = parse_form(at == std::string::npos ? "" : layer.substr(at + 1));
    if (!form) return usage("--layer " + layer, "no layer and form", "give NAME=int8, NAME=int16x8 or NAME=float32");
    s.forms[full_name(graph, layer.substr(0, at))] = *form;
  }
  return s;
}

/// The model in floats, fused as for the device.
Result<Graph> prepared(const Options& options, std::vector<std::string>& log) {
  Result<Graph> graph = read_graph(options);
  if (!graph) return graph.failure();
  PassLog passes;
  PipelineOptions pipeline;
  pipeline.writable = true;
  run_passes(*graph, passes, pipeline);
  for (const PassLog::Line& line : passes.lines) log.push_back(line.pass + ": " + line.text);
  const bool floats = std::any_of(graph->nodes.begin(), graph->nodes.end(), [&](const Node& n) {
    const OpDef& op = *find_op(n.op);
    return (op.filter_axis >= 0 || op.to_integers != nullptr) && graph->at(n.in(0)).dtype == DType::f32;
  });
  if (!floats) {
    return Failure("E0904", options.model, "no layer of the model computes in floats, so there is nothing to quantize",
                   "give the float model that this one was made from");
  }
  return graph;
}

Result<data::Dataset> examples(const QuantizeOptions& q, const std::string& path, const Graph& graph, size_t limit) {
  const Result<RealRange> pixels = parse_pixels(q.pixels);
  if (!pixels) return pixels.failure();
  const Progress progress("reading " + path);
  return data::load_dataset(path, graph, {q.raw_type, q.raw_scale, q.raw_zero, pixels->low, pixels->high, limit});
}

Result<TestSet> test_of(const Options& options, const Graph& graph, const data::Dataset& calibration) {
  const QuantizeOptions& q = options.quantize;
  TestSet test;
  std::vector<std::string> names = calibration.names;
  test.runs = calibration.runs;
  if (!q.test.empty()) {
    Result<data::Dataset> read = examples(q, q.test, graph, 0);
    if (!read) return read.failure();
    test.runs = std::move(read->runs);
    names = std::move(read->names);
  }
  const std::string metric = !q.metric.empty() ? q.metric : q.labels.empty() ? "deviation" : "accuracy";
  test.metric = *parse_metric(metric);
  if (test.metric != Metric::accuracy) return test;
  if (q.labels.empty()) return usage("--metric accuracy", "needs labels", "add --labels FILE or --labels folders");
  Result<std::vector<int>> labels = data::load_labels(q.labels, names, graph.labels);
  if (!labels) return labels.failure();
  test.labels = std::move(*labels);
  return test;
}

/// `count` of the runs, evenly spread.
Runs some(const Runs& runs, size_t count) {
  Runs few;
  for (size_t i = 0; i < std::min(count, runs.size()); ++i) few.push_back(runs[i * runs.size() / std::min(count, runs.size())]);
  return few;
}

/// Instructions of each layer of the quantized model on the target.
Outcome measure_layers(const Options& options, const Graph& graph, QuantizeReport& report) {
  const Result<targets::Target> target = targets::load_target(options.target);
  if (!target) return target.failure();
  Graph fused = graph;
  PassLog log;
  run_passes(fused, log);
  const Result<Program> program = lower(std::move(fused), plan::Rings::balanced, target->vector);
  if (!program) return program.failure();
  const Progress progress("building and running on " + options.target);
  const Result<verify::Traced> traced = verify::trace(*program, "quantized", *target, random_inputs(program->graph, 1), false);
  if (!traced) return traced.failure();
  report.target = options.target;
  for (const OpReport& op : op_reports(*program, &*traced)) {
    for (QuantizedLayer& layer : report.layers) {
      if (layer.name == op.name) layer.instructions = op.instructions;
    }
  }
  return Done{};
}

}  // namespace

Result<ExitCode> quantize_model(const Options& options) {
  const QuantizeOptions& q = options.quantize;
  QuantizeReport report;
  report.model = std::filesystem::path(options.model).filename().string();
  Result<Graph> graph = prepared(options, report.log);
  if (!graph) return graph.failure();
  Result<Settings> settings = settings_of(q, *graph);
  if (!settings) return settings.failure();
  const Result<data::Dataset> dataset = examples(q, q.calibrate, *graph, q.count);
  if (!dataset) return dataset.failure();
  const Result<TestSet> test = test_of(options, *graph, *dataset);
  if (!test) return test.failure();

  if (q.equalize) report.equalized = equalize(*graph);
  Result<Calibration> calibration = [&] {
    ProgressBar bar("calibrating");
    const bool histograms = settings->range != RangeMethod::minmax || !q.html.empty();
    return calibrate(*graph, dataset->runs, {histograms, [&](size_t done, size_t all) { bar.show(done, all); }});
  }();
  if (!calibration) return calibration.failure();
  report.calibrated = calibration->runs;

  Result<Found> found = [&]() -> Result<Found> {
    ProgressBar bar("testing the float model");
    const Result<double> of_float = measure(*graph, nullptr, *test, [&](size_t done, size_t all) { bar.show(done, all); });
    if (!of_float) return of_float.failure();
    report.of_float = *of_float;
    bar.rename("quantizing and testing");
    return search(*graph, *calibration, *settings, *test, *of_float, q.max_drop.value_or(1e300),
                  [&](const Trial&) { bar.show(0, 0); });
  }();
  if (!found) return found.failure();
  for (const auto& [name, form] : settings->forms) {
    const bool known = std::any_of(found->quantized.layers.begin(), found->quantized.layers.end(), [&](const Layer& l) { return l.name == name; });
    if (!known) return usage("--layer " + name, "the model has no layer of that name", "see the report for names");
  }
  {
    const Progress progress("comparing layer by layer");
    fill(report, *graph, *calibration, *found, *test, some(dataset->runs, 16), q.max_drop);
  }
  if (options.measure) {
    if (Outcome o = measure_layers(options, found->quantized.graph, report); !o) return o.failure();
  }
  if (!options.output.empty()) {
    const Result<Bytes> bytes = to_tflite(found->quantized.graph, {settings->half_weights});
    if (!bytes) return bytes.failure();
    report.output = options.output;
    report.file_bytes = bytes->size();
    if (Outcome o = write_file(options.output, {bytes->begin(), bytes->end()}); !o) return o.failure();
  }
  if (!q.html.empty()) {
    if (Outcome o = write_file(q.html, to_html(report)); !o) return o.failure();
  }
  std::printf("%s", options.json ? text(to_json(report)).c_str() : to_text(report).c_str());
  if (!found->within && q.max_drop) {
    return Failure(ExitCode::mismatch, {"E0905", options.model, "no mix of forms holds the limit: the drop is still " + number(report.drop),
                                        "allow a larger --max-drop, or calibrate with more data"});
  }
  return ExitCode::ok;
}

}  // namespace smelt::cli
