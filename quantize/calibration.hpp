// What the tensors of a float graph hold, over example inputs.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "ir/graph.hpp"

namespace smelt::quantize {

/// Inputs of several inferences: by run, then by graph input; each of its tensor's size.
using Runs = std::vector<std::vector<Bytes>>;

/// Over all elements of all runs.
struct Observed {
  float low = 0;
  float high = 0;
  std::vector<int64_t> histogram;  ///< equal bins from `low` to `high`; empty where nobody asked
  std::vector<double> means;       ///< by index along the last dimension; empty above 4,096 of them
};

struct Calibration {
  std::vector<Observed> tensors;  ///< by tensor id; zeros for what is constant or not f32
  std::vector<float> internals;   ///< by node: greatest magnitude of OpDef::internals
  size_t runs = 0;
};

struct CalibrationOptions {
  bool histograms = true;  ///< for ranges other than minmax; costs a second evaluation of every run
  std::function<void(size_t done, size_t all)> progress;
};

/// Evaluates every run. Fails with E0901 where a tensor held what is no finite number, and without any runs.
Result<Calibration> calibrate(const Graph& graph, const Runs& runs, const CalibrationOptions& options = {});

/// How a range is chosen from what was observed.
enum class RangeMethod : uint8_t {
  minmax,      ///< all of it
  percentile,  ///< all but one value in ten thousand at either end
  mse,         ///< the one of least expected squared error: what is cut off against how fine the steps are
};

struct Range {
  float low;
  float high;
};

/// The range to quantize, always with 0 in it. `levels`: 256 for int8, 65,536 for int16; `symmetric`: low = -high.
Range choose_range(const Observed& observed, RangeMethod method, int levels, bool symmetric);

}  // namespace smelt::quantize
