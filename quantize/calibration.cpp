#include "quantize/calibration.hpp"

#include <algorithm>
#include <cmath>

#include "ops/op.hpp"

namespace smelt::quantize {

namespace {

constexpr size_t bins = 2048;
constexpr size_t most_means = 4096;

bool observed(const Tensor& t) { return t.dtype == DType::f32 && !t.constant(); }

Failure not_finite(const Graph& graph, TensorId id, size_t run) {
  return Failure("E0901", place(graph, id), "run " + std::to_string(run) + " made a value that is no finite number",
                 "look at the calibration data: its range and its scaling");
}

void add_means(const Tensor& t, const float* values, std::vector<double>& means) {
  const size_t last = t.shape.empty() ? 1 : static_cast<size_t>(t.shape.back());
  if (last > most_means) return;
  means.resize(last);
  const int64_t n = elements(t.shape);
  const double share = static_cast<double>(last) / static_cast<double>(n);
  for (int64_t i = 0; i < n; ++i) means[static_cast<size_t>(i) % last] += share * static_cast<double>(values[i]);
}

/// Widens the ranges by one run.
Outcome add_ranges(const Graph& graph, const std::vector<Value>& values, size_t run, Calibration& c) {
  for (size_t id = 0; id < values.size(); ++id) {
    const Tensor& t = graph.tensors[id];
    if (!observed(t) || values[id].bytes.empty()) continue;
    Observed& o = c.tensors[id];
    const auto* v = values[id].as<float>();
    for (int64_t i = 0; i < elements(t.shape); ++i) {
      if (!std::isfinite(v[i])) return not_finite(graph, static_cast<TensorId>(id), run);
      o.low = std::min(o.low, v[i]);
      o.high = std::max(o.high, v[i]);
    }
    add_means(t, v, o.means);
  }
  return Done{};
}

/// What nodes compute within.
void add_internals(const Graph& graph, const std::vector<Value>& values, Calibration& c) {
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    const OpDef& op = *find_op(node.op);
    if (op.internals == nullptr) continue;
    Evaluation e{graph, node, {}, {}};
    for (const TensorId id : node.inputs) e.in.push_back(id == no_tensor ? nullptr : &values[static_cast<size_t>(id)]);
    for (const float v : op.internals(e)) c.internals[n] = std::max(c.internals[n], std::abs(v));
  }
}

size_t bin_of(const Observed& o, float value) {
  const double at = (static_cast<double>(value) - o.low) / (static_cast<double>(o.high) - o.low) * bins;
  return std::min(static_cast<size_t>(at), bins - 1);
}

void add_histograms(const Graph& graph, const std::vector<Value>& values, Calibration& c) {
  for (size_t id = 0; id < values.size(); ++id) {
    Observed& o = c.tensors[id];
    if (!observed(graph.tensors[id]) || values[id].bytes.empty() || !(o.high > o.low)) continue;
    o.histogram.resize(bins);
    const auto* v = values[id].as<float>();
    for (int64_t i = 0; i < elements(graph.tensors[id].shape); ++i) ++o.histogram[bin_of(o, v[i])];
  }
}

double center(const Observed& o, size_t bin) {
  return o.low + (static_cast<double>(bin) + 0.5) * (static_cast<double>(o.high) - o.low) / bins;
}

/// The value that `part` of all elements lie below (or, from the other end, above).
float quantile(const Observed& o, double part, bool from_above) {
  int64_t all = 0;
  for (const int64_t n : o.histogram) all += n;
  const auto skip = static_cast<int64_t>(part * static_cast<double>(all));
  int64_t passed = 0;
  for (size_t i = 0; i < bins; ++i) {
    const size_t bin = from_above ? bins - 1 - i : i;
    passed += o.histogram[bin];
    if (passed > skip) return static_cast<float>(center(o, bin));
  }
  return from_above ? o.high : o.low;
}

/// Mean squared error of values on a grid of `levels` steps over the range, clipped to it.
double expected_error(const Observed& o, Range range, int levels) {
  const double step = (static_cast<double>(range.high) - range.low) / (levels - 1);
  double error = 0;
  for (size_t bin = 0; bin < bins; ++bin) {
    if (o.histogram[bin] == 0) continue;
    const double x = center(o, bin);
    const double cut = x < range.low ? range.low - x : x > range.high ? x - range.high : 0;
    error += static_cast<double>(o.histogram[bin]) * (cut > 0 ? cut * cut : step * step / 12);
  }
  return error;
}

Range with_zero(float low, float high, bool symmetric) {
  low = std::min(low, 0.0F);
  high = std::max(high, 0.0F);
  if (symmetric) high = std::max(high, -low);
  if (symmetric) low = -high;
  return {low, high};
}

/// Narrows one end after the other, by 1/64 of the full range at a time, to the least error.
Range least_error(const Observed& o, int levels, bool symmetric) {
  const Range full = with_zero(o.low, o.high, symmetric);
  Range best = full;
  double least = expected_error(o, full, levels);
  for (int low = 64; low >= (symmetric ? 64 : 8); --low) {
    for (int high = 64; high >= 8; --high) {
      const float l = full.low * static_cast<float>(low) / 64, h = full.high * static_cast<float>(high) / 64;
      const Range tried = with_zero(symmetric ? 0 : l, h, symmetric);
      const double error = expected_error(o, tried, levels);
      if (error < least) {
        least = error;
        best = tried;
      }
      if (full.high == 0) break;
    }
    if (full.low == 0) break;
  }
  return best;
}

}  // namespace

Result<Calibration> calibrate(const Graph& graph, const Runs& runs, const CalibrationOptions& options) {
  if (runs.empty()) {
    return Failure("E0901", graph.file, "there is no calibration data", "give at least one input; a hundred are a good number");
  }
  if (const std::vector<TensorId> states = graph.states(); !states.empty()) {
    return Failure("E0904", place(graph, states[0]), "layers that keep state between inferences cannot be quantized here",
                   "convert the model to int8 with TensorFlow Lite, which writes SVDF with int16 state");
  }
  Calibration c;
  c.runs = runs.size();
  c.tensors.resize(graph.tensors.size());
  c.internals.resize(graph.nodes.size());
  const size_t all = runs.size() * (options.histograms ? 2 : 1);
  const auto tell = [&](size_t done) {
    if (options.progress) options.progress(done, all);
  };
  for (size_t r = 0; r < runs.size(); ++r) {
    const std::vector<Value> values = evaluate(graph, runs[r]);
    if (r == 0) {  // the first run sets the ranges that the others widen
      for (size_t id = 0; id < values.size(); ++id) {
        if (observed(graph.tensors[id]) && !values[id].bytes.empty()) c.tensors[id].low = c.tensors[id].high = *values[id].as<float>();
      }
    }
    if (Outcome o = add_ranges(graph, values, r, c); !o) return o.failure();
    add_internals(graph, values, c);
    tell(r + 1);
  }
  for (Observed& o : c.tensors) {
    for (double& mean : o.means) mean /= static_cast<double>(runs.size());
  }
  for (size_t r = 0; options.histograms && r < runs.size(); ++r) {
    add_histograms(graph, evaluate(graph, runs[r]), c);
    tell(runs.size() + r + 1);
  }
  return c;
}

Range choose_range(const Observed& observed, RangeMethod method, int levels, bool symmetric) {
  if (observed.histogram.empty() || method == RangeMethod::minmax) return with_zero(observed.low, observed.high, symmetric);
  if (method == RangeMethod::mse) return least_error(observed, levels, symmetric);
  return with_zero(quantile(observed, 1e-4, false), quantile(observed, 1e-4, true), symmetric);
}

}  // namespace smelt::quantize
