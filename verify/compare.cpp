#include "verify/compare.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <set>
#include <tuple>

namespace smelt::verify {
namespace {

std::string title(const Tensor& t) { return "\"" + t.name + "\" " + to_string(t.dtype) + " " + to_string(t.shape); }

/// Integers byte by byte; floats within the tolerance. Fills in what the comparison says.
void compare(const Tensor& type, const Bytes& want, const Bytes& got, std::size_t run, const char* against, Comparison& result) {
  if (want == got) return;
  result.bit_exact = false;
  if (want.size() != got.size()) {
    result.mismatches.push_back({run, title(type), against, "sizes differ"});
    return;
  }
  std::size_t differ = 0, first = 0;
  if (type.dtype == DType::f32) {
    std::vector<float> w(want.size() / 4), g(w.size());
    std::memcpy(w.data(), want.data(), want.size());
    std::memcpy(g.data(), got.data(), got.size());
    double largest = 0.1;
    for (float f : w) largest = std::isfinite(f) ? std::max(largest, std::fabs(double{f})) : largest;
    for (std::size_t i = 0; i < w.size(); ++i) {
      if (w[i] == g[i] || (std::isnan(w[i]) && std::isnan(g[i]))) continue;
      const double error = std::fabs(double{w[i]} - g[i]);
      if (std::isfinite(error)) result.largest_error = std::max(result.largest_error, error);
      if (error <= float_tolerance * largest) continue;
      if (differ++ == 0) first = i;
    }
    if (differ == 0) return;
    result.within_tolerance = false;
  } else {
    for (std::size_t i = 0; i < want.size(); ++i) {
      if (want[i] == got[i]) continue;
      if (differ++ == 0) first = i;
    }
  }
  result.mismatches.push_back({run, title(type), against,
                               std::to_string(differ) + " of " + std::to_string(want.size() / static_cast<std::size_t>(size_of(type.dtype))) +
                                   " differ, the first at " + std::to_string(first)});
}

/// The scale that an output's values have, also where they are handed out as floats; 0: none.
double step_of(const Graph& graph, TensorId output) {
  const int producer = graph.producer(output);
  const bool floats = producer >= 0 && find_op(graph.nodes[static_cast<std::size_t>(producer)].op)->dequantizes;
  const Quantization& q = graph.at(floats ? graph.nodes[static_cast<std::size_t>(producer)].in(0) : output).quant;
  return q.present() ? double{q.scale[0]} : 0;
}

template <class T>
double largest_difference(const Bytes& a, const Bytes& b) {
  double largest = 0;
  for (std::size_t i = 0; i + sizeof(T) <= std::min(a.size(), b.size()); i += sizeof(T)) {
    T x, y;
    std::memcpy(&x, &a[i], sizeof x);
    std::memcpy(&y, &b[i], sizeof y);
    largest = std::max(largest, std::fabs(static_cast<double>(x) - static_cast<double>(y)));
  }
  return largest;
}

/// A tensor of the original graph in the compiled one: by its index in the file, else by its name and type. Among several
/// of these the order tells, if none is missing.
std::map<TensorId, TensorId> correspondence(const Graph& original, const Graph& compiled) {
  using Key = std::tuple<int, std::string, DType, Shape>;
  const auto by_key = [](const Graph& graph) {
    std::map<Key, std::vector<TensorId>> found;
    for (std::size_t i = 0; i < graph.tensors.size(); ++i) {
      const Tensor& t = graph.tensors[i];
      const Key key = t.source >= 0 ? Key{t.source, {}, {}, {}} : Key{-1, t.name, t.dtype, t.shape};
      found[key].push_back(static_cast<TensorId>(i));
    }
    return found;
  };
  const auto there = by_key(compiled);
  std::map<TensorId, TensorId> found;
  for (const auto& [key, ids] : by_key(original)) {
    const auto at = there.find(key);
    if (at == there.end() || at->second.size() != ids.size()) continue;
    for (std::size_t i = 0; i < ids.size(); ++i) found[ids[i]] = at->second[i];
  }
  return found;
}

}  // namespace

void compare_forms(const Graph& file, const Graph& original, const Runs& inputs, Comparison& result) {
  FormDistance& d = result.from_file.emplace();
  for (const std::vector<Bytes>& run : inputs) {
    const std::vector<Value> ours = evaluate(original, run), theirs = evaluate(file, run);
    for (std::size_t o = 0; o < original.outputs.size(); ++o) {
      const Value& a = ours[static_cast<std::size_t>(original.outputs[o])];
      const Bytes& b = theirs[static_cast<std::size_t>(file.outputs[o])].bytes;
      const double step = step_of(original, original.outputs[o]);
      const bool floats = a.type->dtype == DType::f32;
      const double steps = floats ? 0 : a.type->dtype == DType::i8 ? largest_difference<int8_t>(a.bytes, b) : largest_difference<uint8_t>(a.bytes, b);
      const double largest = floats ? largest_difference<float>(a.bytes, b) : steps * step;
      d.largest = std::max(d.largest, largest);
      d.steps = std::max(d.steps, floats && step > 0 ? largest / step : steps);
    }
  }
}

void compare_outputs(const Graph& original, const Runs& inputs, const Runs& outputs, const Runs& expected, Comparison& result) {
  std::set<std::vector<Bytes>> distinct;
  std::vector<Value> values;
  for (std::size_t r = 0; r < inputs.size(); ++r) {
    values = evaluate(original, inputs[r], r == 0 ? nullptr : &values);
    for (std::size_t o = 0; o < original.outputs.size(); ++o) {
      const Value& want = values[static_cast<std::size_t>(original.outputs[o])];
      compare(*want.type, want.bytes, outputs[r][o], r, "oracle", result);
      if (!expected.empty()) compare(*want.type, expected[r][o], outputs[r][o], r, "expected", result);
      ++result.outputs_compared;
    }
    distinct.insert(outputs[r]);
  }
  result.distinct_outputs = distinct.size();
}

void compare_tensors(const Graph& original, const Program& program, const Runs& inputs, const Traced& traced,
                     Comparison& result) {
  const std::map<TensorId, TensorId> compiled = correspondence(original, program.graph);
  // A reshape makes no rows of its own: it is compared through the tensor whose bytes it shares.
  std::vector<TensorId> root(program.graph.tensors.size());
  for (std::size_t t = 0; t < root.size(); ++t) root[t] = static_cast<TensorId>(t);
  for (const Node& n : program.graph.nodes) {
    if (find_op(n.op)->alias) root[static_cast<std::size_t>(n.outputs[0])] = root[static_cast<std::size_t>(n.inputs[0])];
  }
  std::map<TensorId, std::size_t> tap_of;
  for (std::size_t t = 0; t < program.taps.size(); ++t) tap_of[program.taps[t].tensor] = t;

  Interpreter interpreter(program);
  std::vector<Value> values;
  for (std::size_t r = 0; r < inputs.size(); ++r) {
    values = evaluate(original, inputs[r], r == 0 ? nullptr : &values);
    TapRecorder host(program);
    interpreter.run(inputs[r], [&](int op, std::int32_t step, const std::uint8_t* arena) { host.firing(op, step, arena); });
    for (const Node& node : original.nodes) {
      for (TensorId id : node.outputs) {
        const Tensor& type = original.at(id);
        const auto c = compiled.find(id);
        const TensorId storage = c == compiled.end() ? no_tensor : root[static_cast<std::size_t>(c->second)];
        if (storage == no_tensor || tap_of.count(storage) == 0) {
          const bool input = storage != no_tensor && program.graph.is_input(storage);  // a reshaped input: nothing was computed
          const bool constant = storage != no_tensor && program.graph.at(storage).constant();
          if (r == 0 && !input && !constant) result.not_compared.push_back(title(type));
          continue;
        }
        const std::size_t t = tap_of[storage];
        const Tap& tap = program.taps[t];
        const Bytes& want = values[static_cast<std::size_t>(id)].bytes;
        const Bytes& on_host = host.tensors()[static_cast<std::size_t>(tap.tensor)];
        compare(type, want, on_host, r, "oracle", result);
        ++result.tensors_compared;
        std::size_t differ = 0, first = 0;
        for (std::int32_t row = 0; row < tap.rows; ++row) {
          const std::uint32_t host_sum = row_checksum(on_host.data() + std::int64_t{row} * tap.row_bytes,
                                                      static_cast<std::size_t>(tap.row_bytes));
          if (host_sum != traced.checksums[r][t][static_cast<std::size_t>(row)] && differ++ == 0) first = static_cast<std::size_t>(row);
        }
        if (differ == 0) continue;
        result.bit_exact = false;
        result.mismatches.push_back({r, title(type), "target",
                                     std::to_string(differ) + " of " + std::to_string(tap.rows) + " rows differ, the first is " +
                                         std::to_string(first)});
      }
    }
  }
}

}  // namespace smelt::verify
