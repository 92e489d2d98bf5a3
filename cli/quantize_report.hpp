// What `smelt quantize` tells: as a table, JSON, or one HTML page with plots.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/report.hpp"
#include "quantize/search.hpp"

namespace smelt::cli {

struct QuantizedLayer {
  std::string name, op, form, why;
  std::string shape;
  float low = 0, high = 0;              ///< what calibration saw
  float range_low = 0, range_high = 0;  ///< what the form holds; equal where it is float
  double own_db = 0, whole_db = 0;
  std::int64_t macs = 0;
  std::int64_t bytes = 0;               ///< of its constants
  std::int64_t float_bytes = 0;
  std::optional<std::uint64_t> instructions;  ///< on the target, where they were measured; 0: fused away
  bool hurts = false;                   ///< among those that add most noise
  std::vector<std::int64_t> histogram;
};

struct QuantizeReport {
  std::string model, output;
  std::size_t calibrated = 0, equalized = 0, file_bytes = 0;
  std::string target;                   ///< of the layers' instructions; empty: not measured
  std::string metric;
  std::size_t tested = 0;
  double of_float = 0, of_quantized = 0, drop = 0;
  std::optional<double> max_drop;
  bool within = true;
  double output_db = 0;
  std::int64_t bytes = 0, float_bytes = 0;  ///< of all constants
  std::vector<QuantizedLayer> layers;
  std::vector<quantize::Trial> trials;
  std::vector<std::string> log;             ///< what was fused before
  std::vector<std::pair<float, float>> outputs;  ///< of the float model and of the quantized one, for the plot
};

void fill(QuantizeReport& report, const Graph& graph, const quantize::Calibration& calibration, const quantize::Found& found,
          const quantize::TestSet& test, const quantize::Runs& compared, std::optional<double> max_drop);

Json to_json(const QuantizeReport& report);
std::string to_text(const QuantizeReport& report);
/// Self-contained: no script, no other file.
std::string to_html(const QuantizeReport& report);

/// A layer's name as it is shown and asked for: converters chain the names of all that they fused, the first will do.
std::string layer_name(const std::string& name);

/// With up to four significant digits.
std::string number(double value);

}  // namespace smelt::cli
