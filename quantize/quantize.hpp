// From a float graph to one whose layers compute in integers.
// Source: TensorFlow Lite 8-bit quantization specification; Nagel et al. 2019, "Data-Free Quantization Through Weight
// Equalization and Bias Correction".
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "quantize/calibration.hpp"

namespace smelt::quantize {

/// How a node computes.
enum class Form : uint8_t {
  float32,
  int8,     ///< activations of 8 bits with a zero point, weights of 8 bits symmetric
  int16x8,  ///< activations of 16 bits symmetric, weights of 8 bits
};
const char* to_string(Form form);  ///< "float32", "int8", "int16x8"
std::optional<Form> parse_form(const std::string& word);

struct Settings {
  Form form = Form::int8;                ///< of every node that has it; the others compute in floats
  std::map<std::string, Form> forms;     ///< of single nodes, by the name of their first output
  RangeMethod range = RangeMethod::minmax;
  bool powers_of_two = false;            ///< all scales, zero points of 0, one scale for all weights of a layer (ESP-DL)
  bool half_weights = false;             ///< filters and biases of layers in floats hold values of float16
  bool per_channel = true;               ///< one scale for each output channel of a filter
  bool correct_bias = true;              ///< what rounding the weights shifts the mean of a channel by goes into its bias
  std::optional<Form> io;                ///< of the model's inputs and outputs; absent: as the layers that read and make them
};

/// What became of a node.
struct Layer {
  std::string name;   ///< of its first output
  std::string op;
  Form form = Form::float32;
  std::string why;    ///< it does not have the form that was asked for; empty otherwise
  int node = -1;      ///< in the float graph
  TensorId before = no_tensor;  ///< its output in the float graph
  TensorId after = no_tensor;   ///< and in the quantized one
  int made = -1;                ///< its node in the quantized graph
};

struct Quantized {
  Graph graph;
  std::vector<Layer> layers;  ///< every node of the float graph that makes floats, in order
  std::vector<TensorId> origin;  ///< by tensor of `graph`: the float graph's that it stands for; no_tensor for filters
};

/// Passes that belong before: the graph is fused as for the device (run_passes with `writable`). Fails where the graph holds
/// no float that could be quantized, or a weight that is no finite number (E0902).
Result<Quantized> quantize(const Graph& graph, const Calibration& calibration, const Settings& settings);

/// Cross-layer equalization: where one filter's output feeds another one's input only, with nothing or a RELU between, the
/// ranges of the two are brought together channel by channel; the function stays the same up to rounding. Returns how many
/// pairs were changed. Calibrate afterwards.
size_t equalize(Graph& graph);

/// The stored value that stands for a real one: rounded half away from zero, clamped to the type.
int32_t stored(float real, const Quantization& q, DType type);
/// A range's scale and zero point.
Quantization parameters(Range range, Form form, bool powers_of_two);

}  // namespace smelt::quantize
