// From timestamps to a uniform rate.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "dataset/decode.hpp"

namespace smelt::dataset {

/// Rows as a file has them.
struct Rows {
  std::vector<double> times;        ///< seconds, of each row; never falling
  std::vector<float> values;        ///< row by row
  size_t width = 0;
  double resolution = 0;            ///< of the timestamps, in seconds
  double interval = 0;              ///< in seconds, where it is known beforehand
  std::vector<size_t> cuts;         ///< rows at which another recording begins, rising; beside 0
};

struct Piece {
  size_t first_row = 0;
  std::vector<float> values;        ///< at the timeline's rate
  std::vector<std::string> notes;
};

struct Timeline {
  double rate = 0;
  std::vector<Piece> pieces;
};

/// Steps that differ from their mean by no more than the timestamps' own resolution (or a twentieth) are uniform: the sensor's
/// clock is better than the stamps, and the samples stay as they are. Rougher ones are interpolated linearly onto the uniform
/// rate. A step of 1.75 intervals or more is a gap: refused by name (E1013), cut out, or interpolated. E1012 where the stamps
/// make no rate. `place_of(row)` names a row in errors.
Result<Timeline> to_uniform(const Rows& rows, const DecodeOptions& options, const std::function<std::string(size_t)>& place_of);

/// The rate that a measured one was meant to be: `nominal` within 1 %, else the number of fewest digits within the error.
double meant_rate(double measured, double nominal, double error = 5e-4);

}  // namespace smelt::dataset
