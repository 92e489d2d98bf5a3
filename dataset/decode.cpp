#include "dataset/decode.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <filesystem>

namespace smelt::dataset {

namespace {

enum class Reader { none, csv, audio, array, json, cbor, image };

Reader reader_of(const std::string& name) {
  std::string e = std::filesystem::path(name).extension().string();
  std::transform(e.begin(), e.end(), e.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (e == ".csv" || e == ".tsv" || e == ".txt") return Reader::csv;
  if (e == ".wav" || e == ".flac" || e == ".ogg") return Reader::audio;
  if (e == ".npy") return Reader::array;
  if (e == ".json") return Reader::json;
  if (e == ".cbor") return Reader::cbor;
  if (e == ".jpg" || e == ".jpeg" || e == ".png") return Reader::image;
  return Reader::none;
}

Result<Decoded> decode_image(std::span<const std::uint8_t> bytes, const std::string& name) {
  Result<data::Image> image = data::decode_image(bytes, name);
  if (!image) return image.failure();
  Decoded d;
  d.kind = Kind::image;
  d.format = bytes[0] == 0x89 ? "png" : "jpeg";
  d.image = std::move(*image);
  return d;
}

Result<Decoded> read(std::span<const std::uint8_t> bytes, const std::string& name, const DecodeOptions& options) {
  switch (reader_of(name)) {
    case Reader::csv: return decode_csv(bytes, name, options);
    case Reader::audio: return decode_audio(bytes, name, options);
    case Reader::array: return decode_array(bytes, name, options);
    case Reader::json: return decode_acquisition(bytes, name, options, false);
    case Reader::cbor: return decode_acquisition(bytes, name, options, true);
    case Reader::image: return decode_image(bytes, name);
    case Reader::none: break;
  }
  return Failure("E1010", name, "recordings of this format are not read",
                 "give .csv, .wav, .flac, .ogg, .npy, .jpg, .png, or Edge Impulse's .json or .cbor");
}

}  // namespace

std::string printable(std::string_view text) {
  std::string result(text.substr(0, 200));
  for (char& c : result) {
    if (static_cast<unsigned char>(c) < 32 || c == 127) c = '?';
  }
  return result;
}

bool is_recording(const std::string& name) { return reader_of(name) != Reader::none; }

Result<Decoded> decode(std::span<const std::uint8_t> bytes, const std::string& name, const DecodeOptions& options) {
  Result<Decoded> d = read(bytes, name, options);
  if (!d) return d;
  const bool picture = d->kind == Kind::image, wants_picture = options.kind == Kind::image;
  if (options.kind != Kind::unknown && picture != wants_picture) {
    return Failure("E1010", name, picture ? "a picture, but the project is not of pictures" : "no picture, but the project is of pictures",
                   "import into a project of its kind; `kind` in smelt.toml says what this one is of");
  }
  if (picture) return d;
  if (options.kind != Kind::unknown) d->kind = options.kind;
  for (const Part& part : d->parts) {
    const auto bad = std::find_if(part.signal.values.begin(), part.signal.values.end(), [](float v) { return !std::isfinite(v); });
    if (bad == part.signal.values.end()) continue;
    const auto at = static_cast<size_t>(bad - part.signal.values.begin());
    return Failure("E1020", name, "sample " + std::to_string(at / part.signal.axes.size()) + " of axis \"" +
                                      part.signal.axes[at % part.signal.axes.size()].name + "\" is no finite number",
                   "remove or repair it where the file was made");
  }
  return d;
}

Result<std::vector<size_t>> find_axes(const std::vector<std::string>& wanted, const std::vector<std::string>& there, const std::string& name) {
  std::vector<size_t> found;
  std::string missing, list;
  for (const std::string& axis : wanted) {
    const auto at = std::find(there.begin(), there.end(), axis);
    if (at == there.end()) missing += (missing.empty() ? "" : ", ") + axis;
    found.push_back(static_cast<size_t>(at - there.begin()));
  }
  if (missing.empty()) return found;
  for (size_t i = 0; i < there.size() && i < 20; ++i) list += (i == 0 ? "" : ", ") + there[i];
  return Failure("E1015", name, "lacks the axis " + missing, "it has " + (list.empty() ? "none" : list) + "; change `axes` in smelt.toml, or --axes");
}

Outcome select_axes(Signal& signal, const std::string& name, const DecodeOptions& options) {
  if (options.axes.empty()) return Done{};
  std::vector<std::string> names;
  for (const Axis& axis : signal.axes) names.push_back(axis.name);
  if (names == options.axes) return Done{};
  const Result<std::vector<size_t>> chosen = find_axes(options.axes, names, name);
  if (!chosen) return chosen.failure();
  Signal kept{signal.rate, {}, {}};
  for (const size_t a : *chosen) kept.axes.push_back(signal.axes[a]);
  kept.values.reserve(static_cast<size_t>(signal.samples()) * chosen->size());
  for (std::int64_t s = 0; s < signal.samples(); ++s) {
    for (const size_t a : *chosen) kept.values.push_back(signal.at(s, a));
  }
  signal = std::move(kept);
  return Done{};
}

}  // namespace smelt::dataset
