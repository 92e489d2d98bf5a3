// What quantization does to a model's numbers, layer by layer and at its outputs.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "quantize/quantize.hpp"

namespace smelt::quantize {

/// Energy of a tensor, and of how far another one is from it.
struct Noise {
  double signal = 0;
  double noise = 0;
  /// Signal-to-noise ratio in decibels; 200 where there is no noise.
  double decibels() const;
};

struct LayerNoise {
  Noise own;    ///< of the layer alone, fed with the float model's values as its own form holds them
  Noise whole;  ///< with all that the layers before it have added
};

struct Comparison {
  std::vector<LayerNoise> layers;  ///< for each of `quantized.layers`
  Noise output;                    ///< at output 0
  std::vector<std::pair<float, float>> values;  ///< of output 0: the float graph's and the quantized one's
};

/// Evaluates both graphs on every run.
Comparison compare(const Graph& graph, const Quantized& quantized, const Runs& runs);

/// A run of the float graph in the types that the quantized graph's inputs have.
std::vector<Bytes> stored_inputs(const Graph& graph, const Graph& quantized, const std::vector<Bytes>& run);

/// A value as real numbers, whatever its type.
std::vector<float> real(const Tensor& type, const Bytes& bytes);

/// What counts of a model's results.
enum class Metric : uint8_t {
  accuracy,        ///< share of runs whose greatest output 0 is the label's, in percent
  reconstruction,  ///< mean squared difference of output 0 and input 0 (autoencoders)
  deviation,       ///< root mean square difference from the float model's output 0, in percent of that output's own
};
const char* to_string(Metric metric);
std::optional<Metric> parse_metric(const std::string& word);

/// Examples to judge a model by. `labels`: class numbers, for accuracy.
struct TestSet {
  Runs runs;
  std::vector<int> labels;
  Metric metric = Metric::deviation;
};

/// The metric's value: of the float graph (`quantized` null) or of a quantized one, run by the kernels that ship.
Result<double> measure(const Graph& graph, const Graph* quantized, const TestSet& test,
                       const std::function<void(size_t, size_t)>& progress = {});

/// How much worse the quantized model is: points of accuracy; percent of the float model's error; percent of deviation.
double drop(Metric metric, double of_float, double of_quantized);

}  // namespace smelt::quantize
