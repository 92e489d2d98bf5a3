#include "cli/quantize_report.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "ops/op.hpp"

namespace smelt::cli {

using namespace quantize;

namespace {

std::int64_t constant_bytes(const Graph& graph, const Node& node) {
  std::int64_t bytes = 0;
  for (const TensorId id : node.inputs) bytes += id != no_tensor && graph.at(id).constant() ? graph.at(id).bytes() : 0;
  return bytes;
}

/// The real values that a quantized tensor can hold.
std::pair<float, float> span_of(const Tensor& t) {
  if (!t.quant.present()) return {0, 0};
  const float scale = t.quant.scale[0];
  const auto zero = static_cast<float>(t.quant.zero_point[0]);
  const float low = t.dtype == DType::i8 ? -128 : -32768, high = t.dtype == DType::i8 ? 127 : 32767;
  return {scale * (low - zero), scale * (high - zero)};
}

/// Layers whose own noise is at least half of the worst layer's share of its signal.
void mark_worst(std::vector<QuantizedLayer>& layers) {
  double worst = 200;
  for (const QuantizedLayer& l : layers) {
    if (l.form != "float32") worst = std::min(worst, l.own_db);
  }
  for (QuantizedLayer& l : layers) l.hurts = l.form != "float32" && l.own_db <= worst + 3 && l.own_db < 40;
}

std::string unit(const QuantizeReport& r) { return r.metric == "accuracy" ? " points" : " %"; }

std::string result_line(const QuantizeReport& r) {
  if (r.metric == "accuracy") {
    return "accuracy " + number(r.of_float) + " % in floats, " + number(r.of_quantized) + " % quantized: a drop of " + number(r.drop) + " points";
  }
  if (r.metric == "reconstruction") {
    return "reconstruction error " + number(r.of_float) + " in floats, " + number(r.of_quantized) + " quantized: " + number(r.drop) + " % more";
  }
  return "the output deviates by " + number(r.drop) + " % (root mean square) from the float model's";
}

}  // namespace

std::string layer_name(const std::string& name) { return name.substr(0, name.find(';')); }

std::string number(double value) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.4g", value);
  return buffer;
}

void fill(QuantizeReport& report, const Graph& graph, const Calibration& calibration, const Found& found, const TestSet& test,
          const Runs& compared, std::optional<double> max_drop) {
  const Quantized& q = found.quantized;
  const Comparison comparison = compare(graph, q, compared);
  const std::vector<LayerNoise>& noise = comparison.layers;
  for (std::size_t i = 0; i < q.layers.size(); ++i) {
    const Layer& layer = q.layers[i];
    const Node& before = graph.nodes[static_cast<std::size_t>(layer.node)];
    const Tensor& after = q.graph.at(layer.after);
    const Observed& seen = calibration.tensors[static_cast<std::size_t>(layer.before)];
    const OpDef& op = *find_op(layer.op);
    QuantizedLayer l;
    l.name = layer.name;
    l.op = layer.op;
    l.form = quantize::to_string(layer.form);
    l.why = layer.why;
    l.shape = smelt::to_string(after.shape);
    l.low = seen.low;
    l.high = seen.high;
    std::tie(l.range_low, l.range_high) = span_of(after);
    l.own_db = noise[i].own.decibels();
    l.whole_db = noise[i].whole.decibels();
    l.macs = op.macs != nullptr ? op.macs(graph, before) : 0;
    l.bytes = constant_bytes(q.graph, q.graph.nodes[static_cast<std::size_t>(layer.made)]);
    l.float_bytes = constant_bytes(graph, before);
    l.histogram = seen.histogram;
    report.bytes += l.bytes;
    report.float_bytes += l.float_bytes;
    report.layers.push_back(std::move(l));
  }
  mark_worst(report.layers);
  report.output_db = comparison.output.decibels();
  const auto shown = static_cast<std::ptrdiff_t>(std::min<std::size_t>(comparison.values.size(), 1000));
  report.outputs.assign(comparison.values.begin(), comparison.values.begin() + shown);
  report.metric = quantize::to_string(test.metric);
  report.tested = test.runs.size();
  report.trials = found.trials;
  report.max_drop = max_drop;
  report.within = found.within;
  report.of_quantized = found.value;
  report.drop = drop(test.metric, report.of_float, report.of_quantized);
}

Json to_json(const QuantizeReport& r) {
  Json layers = Json::array();
  for (const QuantizedLayer& l : r.layers) {
    Json j = {{"name", l.name}, {"op", l.op}, {"form", l.form}, {"shape", l.shape},
              {"observed", {l.low, l.high}}, {"range", l.form == "float32" ? Json() : Json({l.range_low, l.range_high})},
              {"snr_db", l.whole_db}, {"own_snr_db", l.own_db}, {"macs", l.macs}, {"bytes", l.bytes}, {"float_bytes", l.float_bytes},
              {"hurts", l.hurts}};
    if (l.instructions) j["instructions"] = *l.instructions;
    if (!l.why.empty()) j["why"] = l.why;
    layers.push_back(std::move(j));
  }
  Json trials = Json::array();
  for (const Trial& t : r.trials) trials.push_back({{"raised", t.raised}, {"value", t.value}, {"drop", t.drop}});
  return {{"model", r.model}, {"output", r.output.empty() ? Json() : Json(r.output)}, {"file_bytes", r.file_bytes},
          {"calibration_runs", r.calibrated}, {"equalized_pairs", r.equalized},
          {"test", {{"metric", r.metric}, {"runs", r.tested}, {"float", r.of_float}, {"quantized", r.of_quantized}, {"drop", r.drop},
                    {"max_drop", r.max_drop ? Json(*r.max_drop) : Json()}, {"within", r.within}}},
          {"target", r.target.empty() ? Json() : Json(r.target)}, {"constant_bytes", r.bytes}, {"float_constant_bytes", r.float_bytes}, {"trials", trials}, {"layers", layers}};
}

std::string to_text(const QuantizeReport& r) {
  std::vector<std::vector<std::string>> rows = {{"layer", "op", "form", "range", "own SNR dB", "SNR dB", "bytes", "MACs", ""}};
  if (!r.target.empty()) rows[0].insert(rows[0].end() - 1, "instructions");
  for (const QuantizedLayer& l : r.layers) {
    const bool is_float = l.form == "float32";
    const std::string range = is_float ? "" : number(l.range_low) + " .. " + number(l.range_high);
    char own[16], whole[16];
    std::snprintf(own, sizeof own, "%.1f", l.own_db);
    std::snprintf(whole, sizeof whole, "%.1f", l.whole_db);
    rows.push_back({layer_name(l.name), l.op, l.form, range, l.own_db >= 200 ? "exact" : own, l.whole_db >= 200 ? "exact" : whole,
                    grouped(static_cast<std::uint64_t>(l.bytes)), grouped(static_cast<std::uint64_t>(l.macs)),
                    l.hurts ? "adds most noise" : l.why});
    if (!r.target.empty()) rows.back().insert(rows.back().end() - 1, l.instructions ? grouped(*l.instructions) : "");
  }
  std::string text = r.model + ", calibrated on " + std::to_string(r.calibrated) + " examples";
  if (r.equalized > 0) text += ", " + std::to_string(r.equalized) + " pairs of layers equalized";
  text += "\n\n" + table(rows) + "\n  " + result_line(r) + " (" + std::to_string(r.tested) + " examples)\n";
  if (r.trials.size() > 1) {
    text += "  tried for the limit of " + number(*r.max_drop) + unit(r) + ":\n";
    for (const Trial& t : r.trials) {
      std::string raised;
      for (const std::string& layer : t.raised) raised += (raised.empty() ? "" : ", ") + layer_name(layer);
      text += "    drop " + number(t.drop) + ": " + (raised.empty() ? "as asked" : raised) + "\n";
    }
  }
  text += "  constants: " + grouped(static_cast<std::uint64_t>(r.bytes)) + " bytes (" + grouped(static_cast<std::uint64_t>(r.float_bytes)) + " in floats)\n";
  if (!r.target.empty()) text += "  instructions: of one inference on " + r.target + "; layers without any became part of others\n";
  if (!r.output.empty()) text += "  wrote " + r.output + ", " + grouped(r.file_bytes) + " bytes\n";
  return text;
}

}  // namespace smelt::cli
