#include "quantize/compare.hpp"

#include <algorithm>
#include <cmath>

#include "lower/compile.hpp"
#include "ops/op.hpp"

namespace smelt::quantize {

namespace {

template <class T>
std::vector<float> dequantized(const Tensor& type, const Bytes& bytes) {
  const auto* stored = reinterpret_cast<const T*>(bytes.data());
  std::vector<float> values(bytes.size() / sizeof(T));
  for (size_t i = 0; i < values.size(); ++i) {
    const double integer = static_cast<double>(stored[i]) - (type.quant.present() ? type.quant.zero_point[0] : 0);
    values[i] = static_cast<float>(integer * (type.quant.present() ? static_cast<double>(type.quant.scale[0]) : 1.0));
  }
  return values;
}

Bytes to_stored(const Tensor& type, const std::vector<float>& values) {
  Bytes bytes(values.size() * static_cast<size_t>(size_of(type.dtype)));
  for (size_t i = 0; i < values.size(); ++i) {
    if (type.dtype == DType::f32) {
      reinterpret_cast<float*>(bytes.data())[i] = values[i];
    } else if (type.dtype == DType::i8) {
      reinterpret_cast<int8_t*>(bytes.data())[i] = static_cast<int8_t>(stored(values[i], type.quant, DType::i8));
    } else {
      reinterpret_cast<int16_t*>(bytes.data())[i] = static_cast<int16_t>(stored(values[i], type.quant, DType::i16));
    }
  }
  return bytes;
}

/// A value of the float graph as a tensor of the quantized one holds it.
Bytes converted(const Value& from, const Tensor& to) {
  return from.type->dtype == DType::f32 ? to_stored(to, real(*from.type, from.bytes)) : from.bytes;
}

void add_noise(const std::vector<float>& reference, const std::vector<float>& values, Noise& noise) {
  for (size_t i = 0; i < reference.size(); ++i) {
    const double r = reference[i], d = values[i] - r;
    noise.signal += r * r;
    noise.noise += d * d;
  }
}

/// One node of the quantized graph, on the float graph's values.
Bytes alone(const Quantized& q, const Layer& layer, const std::vector<Value>& floats) {
  const Node& node = q.graph.nodes[static_cast<size_t>(layer.made)];
  std::vector<Value> in(node.inputs.size()), out(node.outputs.size());
  Evaluation e{q.graph, node, {}, {}};
  for (size_t i = 0; i < in.size(); ++i) {
    const TensorId id = node.inputs[i];
    if (id == no_tensor) {
      e.in.push_back(nullptr);
      continue;
    }
    const Tensor& t = q.graph.at(id);
    in[i].type = &t;
    in[i].bytes = t.constant() ? *t.data : converted(floats[static_cast<size_t>(q.origin[static_cast<size_t>(id)])], t);
    e.in.push_back(&in[i]);
  }
  for (size_t o = 0; o < out.size(); ++o) {
    out[o].type = &q.graph.at(node.outputs[o]);
    out[o].bytes.resize(static_cast<size_t>(out[o].type->bytes()));
    e.out.push_back(&out[o]);
  }
  find_op(node.op)->evaluate(e);
  return out[0].bytes;
}

struct Score {
  double sum = 0;   ///< right answers, or squared differences
  double base = 0;  ///< runs, elements, or squared reference values
};

void add_score(const TestSet& test, size_t run, const std::vector<float>& in, const std::vector<float>& out,
               const std::vector<float>& reference, Score& score) {
  if (test.metric == Metric::accuracy) {
    const auto best = std::max_element(out.begin(), out.end()) - out.begin();
    score.sum += best == test.labels.at(run) ? 100 : 0;
    score.base += 1;
    return;
  }
  const std::vector<float>& wanted = test.metric == Metric::reconstruction ? in : reference;
  for (size_t i = 0; i < out.size(); ++i) {
    const double d = static_cast<double>(out[i]) - wanted[i];
    score.sum += d * d;
    score.base += test.metric == Metric::reconstruction ? 1 : static_cast<double>(wanted[i]) * wanted[i];
  }
}

}  // namespace

double Noise::decibels() const {
  if (!(noise > 0)) return 200;
  if (!(signal > 0)) return -200;
  return std::clamp(10 * std::log10(signal / noise), -200.0, 200.0);
}

std::vector<float> real(const Tensor& type, const Bytes& bytes) {
  switch (type.dtype) {
    case DType::i8:
      return dequantized<int8_t>(type, bytes);
    case DType::i16:
      return dequantized<int16_t>(type, bytes);
    case DType::i32:
      return dequantized<int32_t>(type, bytes);
    case DType::i64:
      return dequantized<int64_t>(type, bytes);
    case DType::u8:
    case DType::boolean:
      return dequantized<uint8_t>(type, bytes);
    case DType::f32:
      break;
  }
  return dequantized<float>(type, bytes);
}

std::vector<Bytes> stored_inputs(const Graph& graph, const Graph& quantized, const std::vector<Bytes>& run) {
  std::vector<Bytes> stored;
  for (size_t i = 0; i < run.size(); ++i) {
    stored.push_back(converted({&graph.at(graph.inputs[i]), run[i]}, quantized.at(quantized.inputs[i])));
  }
  return stored;
}

Comparison compare(const Graph& graph, const Quantized& quantized, const Runs& runs) {
  Comparison made;
  std::vector<LayerNoise>& noise = made.layers;
  noise.resize(quantized.layers.size());
  for (const std::vector<Bytes>& run : runs) {
    const std::vector<Value> floats = evaluate(graph, run);
    const std::vector<Value> integers = evaluate(quantized.graph, stored_inputs(graph, quantized.graph, run));
    for (size_t l = 0; l < noise.size(); ++l) {
      const Layer& layer = quantized.layers[l];
      const Value& wanted = floats[static_cast<size_t>(layer.before)];
      if (wanted.type->dtype != DType::f32) continue;
      const std::vector<float> reference = real(*wanted.type, wanted.bytes);
      const Tensor& after = quantized.graph.at(layer.after);
      add_noise(reference, real(after, integers[static_cast<size_t>(layer.after)].bytes), noise[l].whole);
      add_noise(reference, real(after, alone(quantized, layer, floats)), noise[l].own);
    }
    const TensorId a = graph.outputs.at(0), b = quantized.graph.outputs.at(0);
    const std::vector<float> wanted = real(graph.at(a), floats[static_cast<size_t>(a)].bytes);
    const std::vector<float> got = real(quantized.graph.at(b), integers[static_cast<size_t>(b)].bytes);
    add_noise(wanted, got, made.output);
    for (size_t i = 0; i < wanted.size(); ++i) made.values.emplace_back(wanted[i], got[i]);
  }
  return made;
}

const char* to_string(Metric metric) {
  return metric == Metric::accuracy ? "accuracy" : metric == Metric::reconstruction ? "reconstruction" : "deviation";
}

std::optional<Metric> parse_metric(const std::string& word) {
  for (const Metric metric : {Metric::accuracy, Metric::reconstruction, Metric::deviation}) {
    if (word == to_string(metric)) return metric;
  }
  return std::nullopt;
}

Result<double> measure(const Graph& graph, const Graph* quantized, const TestSet& test,
                       const std::function<void(size_t, size_t)>& progress) {
  const auto compiled = [](const Graph& g) { return lower(g, plan::Rings::full); };
  const Result<Program> program = compiled(quantized != nullptr ? *quantized : graph);
  if (!program) return program.failure();
  std::optional<Interpreter> reference;
  std::optional<Program> reference_program;
  if (test.metric == Metric::deviation && quantized != nullptr) {
    Result<Program> floats = compiled(graph);
    if (!floats) return floats.failure();
    reference_program = std::move(*floats);
    reference.emplace(*reference_program);
  }
  Interpreter interpreter(*program);
  Score score;
  for (size_t r = 0; r < test.runs.size(); ++r) {
    const std::vector<Bytes>& run = test.runs[r];
    const Graph& run_graph = quantized != nullptr ? *quantized : graph;
    const std::vector<Bytes> outputs = interpreter.run(quantized != nullptr ? stored_inputs(graph, *quantized, run) : run);
    const std::vector<float> out = real(run_graph.at(run_graph.outputs.at(0)), outputs.at(0));
    const std::vector<float> in = real(graph.at(graph.inputs.at(0)), run.at(0));
    const std::vector<float> wanted = reference ? real(graph.at(graph.outputs.at(0)), reference->run(run).at(0)) : out;
    if (test.metric == Metric::reconstruction && in.size() != out.size()) {
      return Failure(ExitCode::usage, {"E0903", "--metric reconstruction", "input and output differ in size",
                                       "this metric is for autoencoders; use accuracy or deviation"});
    }
    add_score(test, r, in, out, wanted, score);
    if (progress) progress(r + 1, test.runs.size());
  }
  if (!(score.base > 0)) return 0.0;
  return test.metric == Metric::deviation ? 100 * std::sqrt(score.sum / score.base) : score.sum / score.base;
}

double drop(Metric metric, double of_float, double of_quantized) {
  if (metric == Metric::accuracy) return of_float - of_quantized;
  if (metric == Metric::reconstruction) return of_float > 0 ? 100 * (of_quantized / of_float - 1) : 0;
  return of_quantized;
}

}  // namespace smelt::quantize
