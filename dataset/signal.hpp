// A recording as numbers: samples of one or more axes at a uniform rate.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace smelt::dataset {

struct Axis {
  std::string name;
  std::string unit;  ///< as the file says; may be empty
};

struct Signal {
  double rate = 0;            ///< Hz; 0: the file does not say, and nobody else did
  std::vector<Axis> axes;
  std::vector<float> values;  ///< sample by sample, the axes of each side by side; all finite

  std::int64_t samples() const { return axes.empty() ? 0 : static_cast<std::int64_t>(values.size() / axes.size()); }
  double seconds() const { return rate > 0 ? static_cast<double>(samples()) / rate : 0; }
  float at(std::int64_t sample, size_t axis) const { return values[static_cast<size_t>(sample) * axes.size() + axis]; }
};

/// At another rate, with as many seconds: a windowed sinc (Kaiser, 80 dB) that cuts off what the lower of the two rates cannot
/// carry. The ends are held. Sample 0 stays where it is.
Signal resampled(const Signal& signal, double rate);
/// Of how many samples that is.
std::int64_t samples_at(std::int64_t samples, double from_rate, double to_rate);

}  // namespace smelt::dataset
