// A file's bytes become signals or a picture: one reader a format, each in a file of its own.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/image.hpp"
#include "dataset/signal.hpp"
#include "ir/diagnostic.hpp"
#include "project/project.hpp"

namespace smelt::dataset {

using project::Kind;

/// What becomes of time without samples.
enum class Gaps { refuse, split, fill };

struct DecodeOptions {
  Kind kind = Kind::unknown;         ///< unknown: what the format is used for
  double rate = 0;                   ///< of files that do not say theirs; timestamps within 1 % of it are taken to mean it
  bool ignore_time = false;          ///< timestamps are no axis, and not looked at
  std::vector<std::string> axes;     ///< to take, in this order; empty: all
  Gaps gaps = Gaps::refuse;
  std::string time_unit;             ///< "s", "ms", "us" or "ns"; empty: as the header says
  std::string label_column;          ///< of CSV, by name or number from 1; "auto": one named label, class or activity
  std::string group_column;
};

/// One recording of a file: all of it, or what lies between gaps or changes of the label.
struct Part {
  Signal signal;
  std::string label, group;          ///< where a column says so
  std::vector<std::string> notes;    ///< what was done to it: "3 gaps filled"
};

struct Decoded {
  Kind kind = Kind::unknown;
  std::string format;                ///< "csv", "wav", "flac", "ogg", "npy", "edge-impulse-json", "edge-impulse-cbor", "jpeg", "png"
  std::vector<Part> parts;           ///< of a sensor or audio file: at least one, of at least one sample
  data::Image image;                 ///< of an image file
};

/// The name's extension says how to read it. `name` is the place in errors.
Result<Decoded> decode(std::span<const std::uint8_t> bytes, const std::string& name, const DecodeOptions& options = {});

/// Whether files of this name are read at all.
bool is_recording(const std::string& name);

/// Names of axes, labels and groups go to terminals, pages and lists: control characters become question marks, and what is
/// longer than 200 bytes ends there.
std::string printable(std::string_view text);

constexpr std::int64_t max_recording_bytes = std::int64_t{1} << 30;
constexpr std::int64_t max_values = std::int64_t{1} << 28;  ///< of all parts of a file: 1 GB of floats

// ---- the readers ----

Result<Decoded> decode_csv(std::span<const std::uint8_t> bytes, const std::string& name, const DecodeOptions& options);
Result<Decoded> decode_audio(std::span<const std::uint8_t> bytes, const std::string& name, const DecodeOptions& options);
Result<Decoded> decode_array(std::span<const std::uint8_t> bytes, const std::string& name, const DecodeOptions& options);
/// Edge Impulse's data acquisition format.
Result<Decoded> decode_acquisition(std::span<const std::uint8_t> bytes, const std::string& name, const DecodeOptions& options, bool cbor);

/// Whether such a file was signed with this key (HMAC-SHA256 over the file with the signature as 64 zeros). E1018 where not.
Outcome check_signature(std::span<const std::uint8_t> bytes, const std::string& name, const std::string& key);

/// Keeps the axes that `options` ask for, in their order. Fails with E1015 where one is missing.
Outcome select_axes(Signal& signal, const std::string& name, const DecodeOptions& options);
/// The index of each wanted axis among `there`; E1015 where one is missing.
Result<std::vector<size_t>> find_axes(const std::vector<std::string>& wanted, const std::vector<std::string>& there, const std::string& name);

}  // namespace smelt::dataset
