// What is known of a recording without reading it again.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/image.hpp"
#include "dataset/decode.hpp"

namespace smelt::dataset {

enum class Split { none, train, validation, test };
inline constexpr Split all_splits[] = {Split::train, Split::validation, Split::test};
/// "" for none.
const char* name_of(Split split);
/// Also "training" and "testing"; none for other words.
Split split_of(const std::string& word);

/// One axis of a recording, or a picture's brightness.
struct AxisFacts {
  double low = 0, high = 0, mean = 0, deviation = 0;
  double clipped = 0;  ///< share of samples in runs of three or more at the highest or lowest value
  double stuck = 0;    ///< share of the longest run of one value
  double distinct = 0; ///< values that occur; at most 64 are counted
};

/// 144 small numbers of length 127 or less each; those of two copies are alike, whatever format, rate or gain.
using Fingerprint = std::vector<std::int8_t>;

struct Recording {
  std::int64_t id = 0;
  std::string path;                ///< of its file: below the project's folder, or absolute
  int part = 0;                    ///< of the file, from 0
  int parts = 1;                   ///< that the file has
  Kind kind = Kind::unknown;
  double rate = 0;                 ///< as the file has it
  std::vector<Axis> axes;
  std::int64_t samples = 0;        ///< at its own rate; of a picture: 1
  int width = 0, height = 0;       ///< of a picture
  std::string label, group;        ///< empty: none
  Split split = Split::none;
  std::string format;
  std::vector<std::string> notes;
  std::vector<AxisFacts> facts;
  Fingerprint print;
  std::string sha256;              ///< of the file's content
  std::int64_t bytes = 0;
  std::int64_t modified = 0;       ///< ns since the epoch

  double seconds() const { return rate > 0 ? static_cast<double>(samples) / rate : 0; }
  /// path, or path#part where the file has several.
  std::string name() const { return parts > 1 ? path + "#" + std::to_string(part) : path; }
};

std::vector<AxisFacts> facts_of(const Signal& signal);
std::vector<AxisFacts> facts_of(const data::Image& image);
Fingerprint fingerprint_of(const Signal& signal);
Fingerprint fingerprint_of(const data::Image& image);
/// -1 to 1; 0 where either is empty.
double likeness(const Fingerprint& a, const Fingerprint& b);

}  // namespace smelt::dataset
