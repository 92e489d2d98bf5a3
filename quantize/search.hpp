// The cheapest mix of forms that holds a limit.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "quantize/compare.hpp"

namespace smelt::quantize {

/// A mix that was tried.
struct Trial {
  std::vector<std::string> raised;  ///< layers that were given more bits, in order of what that helps for its cost
  double value = 0;                 ///< of the metric
  double drop = 0;
};

struct Found {
  Settings settings;
  Quantized quantized;
  std::vector<Trial> trials;
  double value = 0;     ///< of the metric, for `quantized`
  bool within = false;  ///< the limit holds
};

/// Starts with `settings` as they are. While the limit is broken, it gives layers the next better form
/// (int8, int16x8, float32), worst first: by how much of the noise at the outputs goes with a layer, for each
/// multiply-accumulate that becomes dearer. Then takes back what turns out not to be needed.
Result<Found> search(const Graph& graph, const Calibration& calibration, const Settings& settings, const TestSet& test,
                     double of_float, double max_drop, const std::function<void(const Trial&)>& progress = {});

/// Relative cost of a multiply-accumulate in a form, on a core with a DSP extension and an FPU: for ranking alone.
double cost_of(Form form);

}  // namespace smelt::quantize
