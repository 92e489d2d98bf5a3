#include "quantize/search.hpp"

#include <algorithm>

#include "ops/op.hpp"

namespace smelt::quantize {

namespace {

constexpr size_t ranking_runs = 8;

/// Multiply-accumulates, or where there are none, elements.
int64_t work_of(const Graph& graph, const Node& node) {
  const OpDef& op = *find_op(node.op);
  return elements(graph.at(node.out()).shape) + (op.macs != nullptr ? op.macs(graph, node) : 0);
}

std::optional<Form> better(Form form) {
  if (form == Form::int8) return Form::int16x8;
  if (form == Form::int16x8) return Form::float32;
  return std::nullopt;
}

std::vector<std::vector<float>> outputs_of(const Graph& graph, const std::vector<Bytes>& run) {
  const std::vector<Value> values = evaluate(graph, run);
  std::vector<std::vector<float>> outputs;
  for (const TensorId id : graph.outputs) outputs.push_back(real(graph.at(id), values[static_cast<size_t>(id)].bytes));
  return outputs;
}

class Search {
 public:
  Search(const Graph& graph, const Calibration& calibration, const TestSet& test, double of_float, double max_drop,
         const std::function<void(const Trial&)>& progress)
      : graph_(graph), calibration_(calibration), test_(test), of_float_(of_float), max_drop_(max_drop), progress_(progress) {
    ranking_.assign(test.runs.begin(), test.runs.begin() + static_cast<std::ptrdiff_t>(std::min(ranking_runs, test.runs.size())));
    for (const std::vector<Bytes>& run : ranking_) wanted_.push_back(outputs_of(graph, run));
  }

  Result<Found> run(const Settings& settings) {
    Found found;
    found.settings = settings;
    if (Outcome o = attempt(found); !o) return o.failure();
    std::vector<std::string> raised;
    while (!found.within) {
      const std::optional<std::pair<std::string, Form>> next = most_helpful(found);
      if (!next) return found;
      raised.push_back(next->first);
      found.settings.forms[next->first] = next->second;
      if (Outcome o = attempt(found); !o) return o.failure();
    }
    return take_back(std::move(found), raised);
  }

 private:
  /// Quantizes with the settings as they stand, and measures.
  Outcome attempt(Found& found) {
    Result<Quantized> quantized = quantize(graph_, calibration_, found.settings);
    if (!quantized) return quantized.failure();
    found.quantized = std::move(*quantized);
    const Result<double> value = measure(graph_, &found.quantized.graph, test_);
    if (!value) return value.failure();
    Trial trial{{}, *value, drop(test_.metric, of_float_, *value)};
    for (const auto& [name, form] : found.settings.forms) trial.raised.push_back(name + "=" + to_string(form));
    found.value = trial.value;
    found.within = trial.drop <= max_drop_;
    if (progress_) progress_(trial);
    found.trials.push_back(std::move(trial));
    return Done{};
  }

  /// Noise at the model's outputs.
  Result<double> output_noise(const Settings& settings) const {
    const Result<Quantized> q = quantize(graph_, calibration_, settings);
    if (!q) return q.failure();
    double noise = 0;
    for (size_t r = 0; r < ranking_.size(); ++r) {
      const std::vector<std::vector<float>> got = outputs_of(q->graph, stored_inputs(graph_, q->graph, ranking_[r]));
      for (size_t o = 0; o < got.size(); ++o) {
        for (size_t i = 0; i < got[o].size(); ++i) {
          const double d = static_cast<double>(got[o][i]) - wanted_[r][o][i];
          noise += d * d;
        }
      }
    }
    return noise;
  }

  /// The layer whose next better form takes the most noise away for what it costs.
  std::optional<std::pair<std::string, Form>> most_helpful(const Found& found) {
    const Result<double> now = output_noise(found.settings);
    if (!now) return std::nullopt;
    std::optional<std::pair<std::string, Form>> best;
    double most = 0;
    for (const Layer& layer : found.quantized.layers) {
      const Node& node = graph_.nodes[static_cast<size_t>(layer.node)];
      const std::optional<Form> form = better_form(found.settings, layer);
      if (!form) continue;
      Settings tried = found.settings;
      tried.forms[layer.name] = *form;
      const Result<double> noise = output_noise(tried);
      if (!noise) continue;
      const double cost = static_cast<double>(work_of(graph_, node)) * (cost_of(*form) - cost_of(layer.form));
      const double gain = std::max(*now - *noise, *now * 1e-9) / cost;
      if (gain > most) {
        most = gain;
        best = {layer.name, *form};
      }
    }
    return best;
  }

  /// The next form that the layer really has.
  std::optional<Form> better_form(const Settings& settings, const Layer& layer) const {
    for (std::optional<Form> form = better(layer.form); form; form = better(*form)) {
      if (*form == Form::float32) return form;
      Settings tried = settings;
      tried.forms[layer.name] = *form;
      const Result<Quantized> q = quantize(graph_, calibration_, tried);
      if (!q) continue;
      for (const Layer& made : q->layers) {
        if (made.name == layer.name && made.form == *form) return form;
      }
    }
    return std::nullopt;
  }

  /// Earlier raises may have become needless: the dearest first.
  Result<Found> take_back(Found found, std::vector<std::string> raised) {
    if (raised.size() < 2) return found;
    raised.pop_back();  // without the last one the limit was broken
    for (const std::string& name : raised) {
      Found without;
      without.settings = found.settings;
      without.trials = found.trials;
      without.settings.forms.erase(name);
      if (Outcome o = attempt(without); !o) return o.failure();
      if (without.within) {
        found = std::move(without);
      } else {
        found.trials = std::move(without.trials);
      }
    }
    return found;
  }

  const Graph& graph_;
  const Calibration& calibration_;
  const TestSet& test_;
  double of_float_;
  double max_drop_;
  const std::function<void(const Trial&)>& progress_;
  Runs ranking_;
  std::vector<std::vector<std::vector<float>>> wanted_;  ///< the float model's outputs for these
};

}  // namespace

double cost_of(Form form) { return form == Form::int8 ? 1.0 : form == Form::int16x8 ? 1.6 : 4.0; }

Result<Found> search(const Graph& graph, const Calibration& calibration, const Settings& settings, const TestSet& test,
                     double of_float, double max_drop, const std::function<void(const Trial&)>& progress) {
  return Search(graph, calibration, test, of_float, max_drop, progress).run(settings);
}

}  // namespace smelt::quantize
